from pulumi_policy import PolicyResource

from policies.inputs import blocks, yes
from policies.kinds import BUCKET, BUCKET_LIFECYCLE
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "s3-has-lifecycle",
    on=BUCKET,
    severity=Severity.LOW,
    controls=("FSBP S3.13",),
    protects_from=(
        "paying for ever for what no one needs, and keeping what should have been deleted"
    ),
    fix="add a BucketLifecycleConfiguration with an enabled rule.",
    only_in_production=True,
)
def s3_has_lifecycle(bucket: PolicyResource, stack: Stack) -> Findings:
    """A bucket removes or moves what has grown old."""
    apart = stack.pointing_at(bucket, BUCKET_LIFECYCLE, by="bucket")
    rules = [rule for each in apart for rule in blocks(each.props, "rules")]
    active = any(rule.get("status") == "Enabled" for rule in rules)
    if not active and not any(
        yes(rule, "enabled") for rule in blocks(bucket.props, "lifecycleRules")
    ):
        yield "The bucket has no lifecycle rule."
