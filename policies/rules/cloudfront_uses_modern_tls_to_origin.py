from policies.inputs import block, blocks, text, texts
from policies.kinds import DISTRIBUTION
from policies.rule import Findings, Props, Severity, resource_rule

OLD = {"SSLv3", "TLSv1", "TLSv1.1"}


@resource_rule(
    "cloudfront-uses-modern-tls-to-origin",
    on=DISTRIBUTION,
    severity=Severity.HIGH,
    controls=("FSBP CloudFront.10",),
    protects_from="connections to the origin that old protocol versions let others read",
    fix='set origin_ssl_protocols=["TLSv1.2"] in custom_origin_config.',
)
def cloudfront_uses_modern_tls_to_origin(props: Props) -> Findings:
    """A distribution speaks TLS 1.2 or newer to its origins."""
    for origin in blocks(props, "origins"):
        old = set(texts(block(origin, "customOriginConfig"), "originSslProtocols")) & OLD
        if old:
            yield f"Origin {text(origin, 'originId')} may be asked over {', '.join(sorted(old))}."
