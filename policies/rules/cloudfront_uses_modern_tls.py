import re

from policies.inputs import block, text, yes
from policies.kinds import DISTRIBUTION
from policies.rule import Findings, Props, Severity, resource_rule

MODERN = re.compile(r"TLSv1\.2_202[1-9]|TLSv1\.3_20\d\d")


@resource_rule(
    "cloudfront-uses-modern-tls",
    on=DISTRIBUTION,
    severity=Severity.HIGH,
    protects_from="connections that old protocol versions and ciphers let others read",
    fix='set minimum_protocol_version="TLSv1.2_2021" or newer.',
)
def cloudfront_uses_modern_tls(props: Props) -> Findings:
    """Visitors of a distribution speak TLS 1.2 or newer."""
    certificate = block(props, "viewerCertificate")
    version = text(certificate, "minimumProtocolVersion")
    default = yes(certificate, "cloudfrontDefaultCertificate")
    if not default and not MODERN.fullmatch(version):
        yield f"The lowest protocol version is {version or 'TLSv1'}."
