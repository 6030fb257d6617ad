from pulumi_policy import PolicyResource

from policies.inputs import block, blocks
from policies.kinds import BUCKET, BUCKET_LIFECYCLE, BUCKET_VERSIONING
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "s3-former-versions-expire",
    on=BUCKET,
    severity=Severity.MEDIUM,
    controls=("FSBP S3.10",),
    protects_from="deleted files, personal ones included, being kept and paid for ever",
    fix="add noncurrent_version_expiration to a lifecycle rule of the bucket.",
    only_in_production=True,
)
def s3_former_versions_expire(bucket: PolicyResource, stack: Stack) -> Findings:
    """A versioned bucket forgets former versions some day."""
    apart = stack.pointing_at(bucket, BUCKET_VERSIONING, by="bucket")
    versioned = any(
        block(each.props, "versioningConfiguration").get("status") == "Enabled" for each in apart
    )
    lifecycles = stack.pointing_at(bucket, BUCKET_LIFECYCLE, by="bucket")
    rules = [rule for each in lifecycles for rule in blocks(each.props, "rules")]
    expiring = any(block(rule, "noncurrentVersionExpiration") for rule in rules)
    if versioned and not expiring:
        yield "The bucket keeps former versions for ever."
