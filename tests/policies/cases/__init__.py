"""The proofs of all rules, by service."""

from tests.policies.cases import compute, data, delivery, hosts, identity
from tests.policies.table import Case

CASES: list[Case] = [
    *compute.CASES,
    *data.CASES,
    *delivery.CASES,
    *hosts.CASES,
    *identity.CASES,
]
