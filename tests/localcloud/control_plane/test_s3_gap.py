"""S3 as the control plane has it: logs go where the bucket's policy lets the log service write."""

import json
from typing import Any

import pytest
from moto.s3.models import FakeBucket

from localcloud.control_plane import gaps

LOGGING = "logging.s3.amazonaws.com"
GRANT: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": LOGGING},
    "Action": ["s3:PutObject"],
    "Resource": "arn:aws:s3:::logs/objects/*",
}
TLS_ONLY: dict[str, Any] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"],
}


def takes_logs(*statements: dict[str, Any]) -> bool:
    gaps.fill()
    bucket: Any = FakeBucket("logs", "123456789012", "eu-west-1")
    if statements:
        bucket.policy = json.dumps({"Statement": list(statements)}).encode()
    return bucket._log_permissions_enabled_policy(
        target_bucket=bucket, target_prefix="objects/models/"
    )


def test_a_policy_about_everyone_stands_beside_the_grant() -> None:
    assert takes_logs(TLS_ONLY, GRANT)


@pytest.mark.parametrize(
    "change",
    [
        {"Principal": {"Service": [LOGGING, "delivery.logs.amazonaws.com"]}},
        {"Action": "s3:PutObject"},
        {"Resource": ["arn:aws:s3:::logs/*"]},
        {"Resource": "arn:aws:s3:::logs/objects/models/*"},
    ],
)
def test_a_grant_may_be_written_in_any_way(change: dict[str, Any]) -> None:
    assert takes_logs({**GRANT, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Deny"},
        {"Principal": {"Service": "delivery.logs.amazonaws.com"}},
        {"Principal": "*"},
        {"Action": ["s3:GetObject"]},
        {"Resource": "arn:aws:s3:::logs/edge/*"},
        {"Resource": "arn:aws:s3:::other/*"},
    ],
)
def test_another_grant_is_none(change: dict[str, Any]) -> None:
    assert not takes_logs({**GRANT, **change})


def test_without_policy_there_is_no_grant() -> None:
    assert not takes_logs()
