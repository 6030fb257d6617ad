from policies.inputs import text
from policies.kinds import CERTIFICATE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "acm-renews-by-itself",
    on=CERTIFICATE,
    severity=Severity.MEDIUM,
    controls=("FSBP ACM.1",),
    protects_from="an outage on the day a certificate ends",
    fix='let ACM issue it with validation_method="DNS".',
)
def acm_renews_by_itself(props: Props) -> Findings:
    """A certificate renews itself."""
    imported = "certificateBody" in props or "privateKey" in props
    private = text(props, "certificateAuthorityArn")
    if imported:
        yield "The certificate is imported, and has to be replaced by hand."
    elif not private and props.get("validationMethod") != "DNS":
        yield "The certificate is renewed only when someone answers a mail."
