"""The proofs of all rules, by service."""

from tests.policies.cases import (
    buckets,
    compute,
    containers,
    databases,
    delivery,
    hosts,
    identity,
    operations,
)
from tests.policies.table import Case

CASES: list[Case] = [
    *buckets.CASES,
    *compute.CASES,
    *containers.CASES,
    *databases.CASES,
    *delivery.CASES,
    *hosts.CASES,
    *identity.CASES,
    *operations.CASES,
]
