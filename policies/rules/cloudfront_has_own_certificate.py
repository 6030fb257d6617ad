from policies.inputs import block, text, yes
from policies.kinds import DISTRIBUTION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "cloudfront-has-own-certificate",
    on=DISTRIBUTION,
    severity=Severity.MEDIUM,
    controls=("FSBP CloudFront.7",),
    protects_from=(
        "visitors who cannot tell the site from another at cloudfront.net, and from TLS 1.0"
    ),
    fix="set viewer_certificate with the acm_certificate_arn of the site's names.",
    only_in_production=True,
)
def cloudfront_has_own_certificate(props: Props) -> Findings:
    """A distribution shows the certificate of its own names."""
    certificate = block(props, "viewerCertificate")
    own = text(certificate, "acmCertificateArn") or text(certificate, "iamCertificateId")
    if yes(certificate, "cloudfrontDefaultCertificate") or not own:
        yield "The distribution shows the certificate of cloudfront.net."
