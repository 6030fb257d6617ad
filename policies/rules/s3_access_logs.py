from pulumi_policy import PolicyResource

from policies.buckets import receives_logs
from policies.inputs import block
from policies.kinds import BUCKET, BUCKET_LOGGING
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "s3-access-logs",
    on=BUCKET,
    severity=Severity.MEDIUM,
    controls=("FSBP S3.9",),
    protects_from="not knowing who read a file",
    fix="add a BucketLogging that names another bucket.",
    off_because=(
        "a trail with data events says the same with the caller's identity, and loses no record"
    ),
)
def s3_access_logs(bucket: PolicyResource, stack: Stack) -> Findings:
    """A bucket records who reads and writes it."""
    apart = stack.pointing_at(bucket, BUCKET_LOGGING, by="bucket")
    inline = block(bucket.props, "logging")
    if not apart and not inline and not receives_logs(stack, bucket):
        yield "The bucket records no access."
