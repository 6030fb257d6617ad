from policies.inputs import text
from policies.kinds import ACCESS_KEY
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "iam-no-access-keys",
    on=ACCESS_KEY,
    severity=Severity.HIGH,
    controls=(
        "FSBP IAM.3",
        "CIS-5.0 1.13",
        "CIS-7.0 2.12",
    ),
    protects_from="a key that works until someone notices, and is kept in the state",
    fix="use a role: of an instance, a task, or of CI by OpenID Connect.",
)
def iam_no_access_keys(props: Props) -> Findings:
    """No access key is made."""
    if text(props, "status") != "Inactive":
        yield f"{text(props, 'user') or 'A user'} gets a key that never ends."
