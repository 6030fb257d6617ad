from pulumi_policy import PolicyResource

from policies.inputs import block
from policies.kinds import BUCKET, BUCKET_REPLICATION
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "s3-replicated",
    on=BUCKET,
    severity=Severity.LOW,
    controls=("FSBP S3.7",),
    protects_from="the loss of files with the region",
    fix="add a BucketReplicationConfig to a bucket of another region.",
    off_because=(
        "copies to the recovery region are made by the backup plan, where a stack asks for them"
    ),
)
def s3_replicated(bucket: PolicyResource, stack: Stack) -> Findings:
    """A bucket has a copy in another region."""
    apart = stack.pointing_at(bucket, BUCKET_REPLICATION, by="bucket")
    if not apart and not block(bucket.props, "replicationConfiguration"):
        yield "The bucket has no copy."
