from policies.inputs import block, blocks, text
from policies.kinds import DISTRIBUTION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "cloudfront-reaches-origin-over-https",
    on=DISTRIBUTION,
    severity=Severity.HIGH,
    controls=("FSBP CloudFront.9",),
    protects_from="requests read between the edge and the origin",
    fix='set origin_protocol_policy="https-only" in custom_origin_config.',
)
def cloudfront_reaches_origin_over_https(props: Props) -> Findings:
    """A distribution speaks HTTPS to its origins."""
    for origin in blocks(props, "origins"):
        custom = block(origin, "customOriginConfig")
        if custom and custom.get("originProtocolPolicy") != "https-only":
            yield f"Origin {text(origin, 'originId')} is asked over plain HTTP."
