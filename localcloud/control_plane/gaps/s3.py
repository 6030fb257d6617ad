"""S3: policies refuse what they say; log buckets let logs in by any spelling of their policy;
replication is kept as given.

Moto fails on a statement about everyone, and knows neither a list of services nor a pattern that
covers more than the one prefix. It takes a statement whose condition does not hold for a refusal
of everything. It reports every replication rule with the same filter, and fails
where the last version of an object to go is a delete marker.
"""

import json
from fnmatch import fnmatchcase
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.exceptions import ReplicationConfigurationNotFoundError
from moto.s3.models import FakeBucket, FakeDeleteMarker
from moto.s3.responses import S3Response
from moto.s3.utils import LOGGING_SERVICE_PRINCIPAL

from localcloud.control_plane.gaps.mending import Method, adds, mends


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


@mends(FakeBucket, "get_permission")
def permission(original: Method, self: Any, action: str, resource: str) -> PermissionResult:
    """What the statements that are about everybody say of a request."""
    if self.policy is None:
        return PermissionResult.NEUTRAL
    document = json.loads(self.policy)
    found = document["Statement"]
    statements = [found] if isinstance(found, dict) else found
    applying = [
        {name: value for name, value in statement.items() if name != "Condition"}
        for statement in statements
        if _is_about_everybody(statement) and _holds(statement)
    ]
    policy = IAMPolicy(json.dumps({**document, "Statement": applying}))
    return policy.is_action_permitted(action, resource)


def _is_about_everybody(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    return principal == "*" or (isinstance(principal, dict) and principal.get("AWS") == "*")


def _holds(statement: dict[str, Any]) -> bool:
    """Requests count as sent over TLS, as they are to AWS; nothing else is known of them here."""
    conditions = statement.get("Condition") or {}
    return all(
        operator == "Bool" and set(keys) == {"aws:SecureTransport"} and value == "true"
        for operator, keys in conditions.items()
        for value in map(str, keys.values())
    )


@mends(S3Response, "get_bucket_replication")
def get_replication(original: Method, self: Any) -> Any:
    self.data["Action"] = "GetBucketReplication"
    replication = self.backend.get_bucket_replication(self.bucket_name)
    if not replication:
        raise ReplicationConfigurationNotFoundError(bucket_name=self.bucket_name)
    rules = [_rule(rule) for rule in replication["Rule"]]
    answer = {"Role": replication["Role"], "Rules": rules}
    return self.serialized(ActionResult({"ReplicationConfiguration": answer}))


def _rule(given: dict[str, Any]) -> dict[str, Any]:
    """A rule as the request had it; XML leaves empty elements as None and numbers as text."""
    rule = {name: value for name, value in given.items() if value is not None}
    rule["Priority"] = int(rule["Priority"])
    if "Filter" in given:
        rule["Filter"] = {"Prefix": "", **(given["Filter"] or {})}
        rule["Filter"] = {k: v if v is not None else "" for k, v in rule["Filter"].items()}
    return rule


@adds(FakeDeleteMarker)
def dispose(self: Any, garbage: bool = False) -> None:
    """A marker has no body to let go of."""
