from policies.kinds import SERVER_CERTIFICATE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "iam-no-server-certificates",
    on=SERVER_CERTIFICATE,
    severity=Severity.MEDIUM,
    controls=(
        "FSBP IAM.26",
        "CIS-5.0 1.18",
        "CIS-7.0 2.17",
    ),
    protects_from="an outage when no one remembers to renew, and a private key in the state",
    fix="use aws.acm.Certificate.",
)
def iam_no_server_certificates(props: Props) -> Findings:
    """No certificate is kept in IAM, where it ends unnoticed."""
    yield "The certificate is kept in IAM."
