from policies.inputs import blocks, text
from policies.kinds import DISTRIBUTION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "cloudfront-signs-requests-to-s3",
    on=DISTRIBUTION,
    severity=Severity.HIGH,
    controls=("FSBP CloudFront.13",),
    protects_from="the bucket having to be readable around the distribution",
    fix="set origin_access_control_id, and allow the distribution alone in the bucket policy.",
)
def cloudfront_signs_requests_to_s3(props: Props) -> Findings:
    """A distribution is the only reader of its bucket."""
    for origin in blocks(props, "origins"):
        files = "customOriginConfig" not in origin and "vpcOriginConfig" not in origin
        if files and not text(origin, "originAccessControlId"):
            yield f"Origin {text(origin, 'originId')} has no origin access control."
