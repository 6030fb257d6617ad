from policies.inputs import block, blocks, text
from policies.kinds import DISTRIBUTION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "cloudfront-sends-security-headers",
    on=DISTRIBUTION,
    severity=Severity.MEDIUM,
    protects_from="pages framed by strangers, sniffed types and first visits over HTTP",
    fix="set response_headers_policy_id on every cache behavior.",
)
def cloudfront_sends_security_headers(props: Props) -> Findings:
    """Every answer of a distribution carries security headers."""
    behaviors = [block(props, "defaultCacheBehavior"), *blocks(props, "orderedCacheBehaviors")]
    for behavior in behaviors:
        if not text(behavior, "responseHeadersPolicyId"):
            path = text(behavior, "pathPattern") or "The default"
            yield f"{path} has no response headers policy."
