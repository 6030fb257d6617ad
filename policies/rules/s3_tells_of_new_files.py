from pulumi_policy import PolicyResource

from policies.kinds import BUCKET, BUCKET_NOTIFICATION
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "s3-tells-of-new-files",
    on=BUCKET,
    severity=Severity.MEDIUM,
    controls=("FSBP S3.11",),
    protects_from="uploads that nothing looks at",
    fix="add a BucketNotification.",
    off_because=(
        "a notification without a receiver protects nothing; applications add one where they "
        "need it"
    ),
)
def s3_tells_of_new_files(bucket: PolicyResource, stack: Stack) -> Findings:
    """A bucket tells of what happens to its files."""
    if not stack.pointing_at(bucket, BUCKET_NOTIFICATION, by="bucket"):
        yield "The bucket tells no one."
