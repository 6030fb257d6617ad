"""What a bucket is for, as far as the resources that use it tell."""

from pulumi_policy import PolicyResource
from pulumi_policy.proxy import UnknownValueError

from policies.inputs import block
from policies.kinds import BUCKET_LOGGING, DISTRIBUTION, LOAD_BALANCER
from policies.stack import Stack, refers

_WRITERS = (
    (LOAD_BALANCER, "accessLogs"),
    (LOAD_BALANCER, "connectionLogs"),
    (DISTRIBUTION, "loggingConfig"),
)


def receives_logs(stack: Stack, bucket: PolicyResource) -> bool:
    """Whether load balancers, distributions or other buckets write their access logs to it."""
    if stack.pointing_at(bucket, BUCKET_LOGGING, by="targetBucket"):
        return True
    return any(
        refers(writer, key, bucket) or _names(writer, key, bucket)
        for kinds, key in _WRITERS
        for writer in stack.of(kinds)
    )


def _names(writer: PolicyResource, key: str, bucket: PolicyResource) -> bool:
    try:
        name = block(writer.props, key).get("bucket")
        return name is not None and name == bucket.props.get("bucket")
    except UnknownValueError:
        # It comes from another resource than this bucket: references are known, values not.
        return False
