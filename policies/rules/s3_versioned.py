from pulumi_policy import PolicyResource

from policies.buckets import receives_logs
from policies.inputs import block, yes
from policies.kinds import BUCKET, BUCKET_VERSIONING
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "s3-versioned",
    on=BUCKET,
    severity=Severity.MEDIUM,
    controls=("FSBP S3.14",),
    protects_from="files lost by an overwrite or a deletion",
    fix='add a BucketVersioning with status="Enabled".',
    only_in_production=True,
)
def s3_versioned(bucket: PolicyResource, stack: Stack) -> Findings:
    """A production bucket keeps what is overwritten or deleted."""
    apart = stack.pointing_at(bucket, BUCKET_VERSIONING, by="bucket")
    enabled = [
        block(each.props, "versioningConfiguration").get("status") == "Enabled" for each in apart
    ]
    inline = yes(block(bucket.props, "versioning"), "enabled")
    if not any(enabled) and not inline and not receives_logs(stack, bucket):
        yield "The bucket keeps no former versions."
