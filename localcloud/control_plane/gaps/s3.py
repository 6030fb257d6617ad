"""S3: a bucket takes the logs of others when its policy says so, in any of the ways AWS reads it.

Moto fails on a statement about everyone, and knows neither a list of services nor a pattern that
covers more than the one prefix.
"""

import json
from fnmatch import fnmatchcase
from typing import Any

from moto.s3.models import FakeBucket
from moto.s3.utils import LOGGING_SERVICE_PRINCIPAL

from localcloud.control_plane.gaps.mending import Method, mends


@mends(FakeBucket, "_log_permissions_enabled_policy")
def may_take_logs(
    original: Method, self: Any, target_bucket: Any, target_prefix: str | None
) -> bool:
    if not target_bucket.policy:
        return False
    written = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}/{target_prefix or ''}log"
    return any(
        statement.get("Effect") == "Allow"
        and LOGGING_SERVICE_PRINCIPAL in _services(statement.get("Principal"))
        and "s3:PutObject" in _listed(statement.get("Action"))
        and any(fnmatchcase(written, pattern) for pattern in _listed(statement.get("Resource")))
        for statement in json.loads(target_bucket.policy)["Statement"]
    )


def _services(principal: Any) -> list[str]:
    return _listed(principal.get("Service")) if isinstance(principal, dict) else []


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)
