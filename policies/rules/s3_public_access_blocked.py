from pulumi_policy import PolicyResource

from policies.kinds import BUCKET, BUCKET_PUBLIC_ACCESS_BLOCK
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack

FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@stack_rule(
    "s3-public-access-blocked",
    on=BUCKET,
    severity=Severity.CRITICAL,
    controls=("FSBP S3.8", "FSBP CloudTrail.6", "CIS-5.0 2.1.4", "CIS-7.0 3.1.4"),
    protects_from="files becoming public by one wrong policy or access list",
    fix="add a BucketPublicAccessBlock for the bucket with all four flags True.",
)
def s3_public_access_blocked(bucket: PolicyResource, stack: Stack) -> Findings:
    """A bucket can never be made public."""
    guards = stack.pointing_at(bucket, BUCKET_PUBLIC_ACCESS_BLOCK, by="bucket")
    if not guards:
        yield "The bucket has no public access block."
    for guard in guards:
        open_flags = [flag for flag in FLAGS if guard.props.get(flag) is not True]
        if open_flags:
            yield f"Its public access block leaves {', '.join(open_flags)} off."
