from policies.inputs import block, blocks, text
from policies.kinds import DISTRIBUTION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "cloudfront-has-default-root-object",
    on=DISTRIBUTION,
    severity=Severity.HIGH,
    controls=("FSBP CloudFront.1",),
    protects_from="the list of all files in the bucket being shown at /",
    fix='set default_root_object="index.html".',
)
def cloudfront_has_default_root_object(props: Props) -> Findings:
    """A distribution of files answers / with a page."""
    target = block(props, "defaultCacheBehavior").get("targetOriginId")
    for origin in blocks(props, "origins"):
        files = "customOriginConfig" not in origin and "vpcOriginConfig" not in origin
        if files and origin.get("originId") == target and not text(props, "defaultRootObject"):
            yield "The distribution has no default root object."
