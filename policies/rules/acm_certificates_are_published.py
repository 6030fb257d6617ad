from policies.inputs import block
from policies.kinds import CERTIFICATE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "acm-certificates-are-published",
    on=CERTIFICATE,
    severity=Severity.LOW,
    protects_from="browsers that refuse the certificate, and forged ones that no one notices",
    fix='leave certificate_transparency_logging_preference at "ENABLED".',
)
def acm_certificates_are_published(props: Props) -> Findings:
    """A certificate is entered in the public logs that browsers look at."""
    if block(props, "options").get("certificateTransparencyLoggingPreference") == "DISABLED":
        yield "The certificate is kept out of the transparency logs."
