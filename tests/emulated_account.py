"""An AWS account in this process, emulated by moto: one test's own, and gone after it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

import boto3

# Before moto: it reads what this sets while it is imported.
import localcloud.control_plane  # noqa: F401  # isort: skip
from moto import mock_aws
from moto.core.base_backend import BackendDict
from moto.iam import models as iam
from moto.s3.models import s3_backends

REGION = "eu-west-1"
FEW = ("AmazonSSMManagedInstanceCore", "CloudWatchAgentServerPolicy")


@contextmanager
def emulated_account() -> Iterator[None]:
    """Empty at first, whatever another test has left in moto's records, which are the process's."""
    forget()
    try:
        with patch.object(iam, "aws_managed_policies_data", few_managed_policies()), mock_aws():
            yield
            # While it is left, moto makes all that is not forgotten anew, which takes seconds.
            forget()
    finally:
        forget()


def forget() -> None:
    """Moto holds its records by service, and the names of all accounts' buckets beside them."""
    services: list[Any] = BackendDict._instances  # type: ignore
    for service in services:
        service.clear()
    services.clear()
    s3_backends.bucket_accounts.clear()


@cache
def few_managed_policies() -> str:
    """Every IAM reads all 1,500 of AWS's anew, a second each time; these are a few of the same."""
    policies = json.loads(vars(iam)["aws_managed_policies_data"])
    return json.dumps({name: policies[name] for name in FEW})


@cache
def client(service: str) -> Any:
    """Outlives the account, which it only talks to: to make one takes longer than most tests."""
    return boto3.client(
        service,
        region_name=REGION,
        aws_access_key_id="emulated",
        aws_secret_access_key="emulated",
    )
