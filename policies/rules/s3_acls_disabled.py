from pulumi_policy import PolicyResource

from policies.buckets import receives_logs
from policies.inputs import block
from policies.kinds import BUCKET, BUCKET_ACL, BUCKET_OWNERSHIP
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "s3-acls-disabled",
    on=BUCKET,
    severity=Severity.MEDIUM,
    controls=("FSBP S3.12",),
    protects_from="a second set of permissions that no policy shows",
    fix='set object_ownership="BucketOwnerEnforced", and remove the BucketAcl.',
)
def s3_acls_disabled(bucket: PolicyResource, stack: Stack) -> Findings:
    """A bucket is opened by policies only, never by access lists."""
    for controls in stack.pointing_at(bucket, BUCKET_OWNERSHIP, by="bucket"):
        ownership = block(controls.props, "rule").get("objectOwnership")
        # CloudFront's older kind of log is written with an access list.
        if ownership != "BucketOwnerEnforced" and not receives_logs(stack, bucket):
            yield f"The bucket's ownership setting is {ownership}."
    if stack.pointing_at(bucket, BUCKET_ACL, by="bucket") and not receives_logs(stack, bucket):
        yield "The bucket has an access list."
