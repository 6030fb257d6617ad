from policies.inputs import block, yes
from policies.kinds import DISTRIBUTION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "cloudfront-uses-sni",
    on=DISTRIBUTION,
    severity=Severity.LOW,
    controls=("FSBP CloudFront.8",),
    protects_from="paying for dedicated addresses that no client needs any more",
    fix='set ssl_support_method="sni-only".',
)
def cloudfront_uses_sni(props: Props) -> Findings:
    """A distribution serves its certificate by name (SNI)."""
    certificate = block(props, "viewerCertificate")
    default = yes(certificate, "cloudfrontDefaultCertificate")
    if not default and certificate.get("sslSupportMethod") != "sni-only":
        yield "The distribution holds dedicated addresses for its certificate."
