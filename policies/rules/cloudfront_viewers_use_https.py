from policies.inputs import block, blocks, text
from policies.kinds import DISTRIBUTION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "cloudfront-viewers-use-https",
    on=DISTRIBUTION,
    severity=Severity.HIGH,
    controls=("FSBP CloudFront.3",),
    protects_from="passwords and cookies read on the way",
    fix='set viewer_protocol_policy="redirect-to-https" on every cache behavior.',
)
def cloudfront_viewers_use_https(props: Props) -> Findings:
    """Visitors of a distribution are moved to HTTPS."""
    behaviors = [block(props, "defaultCacheBehavior"), *blocks(props, "orderedCacheBehaviors")]
    for behavior in behaviors:
        if behavior.get("viewerProtocolPolicy") not in ("redirect-to-https", "https-only"):
            yield f"{text(behavior, 'pathPattern') or 'The default'} is served over plain HTTP too."
