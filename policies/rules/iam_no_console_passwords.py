from policies.inputs import text
from policies.kinds import LOGIN_PROFILE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "iam-no-console-passwords",
    on=LOGIN_PROFILE,
    severity=Severity.MEDIUM,
    controls=(
        "FSBP IAM.5",
        "FSBP IAM.19",
        "CIS-5.0 1.9",
        "CIS-5.0 1.20",
        "CIS-7.0 2.10",
        "CIS-7.0 2.19",
    ),
    protects_from="a password without a second factor opening the console",
    fix="let people sign in through IAM Identity Center.",
)
def iam_no_console_passwords(props: Props) -> Findings:
    """No user gets a console password."""
    yield f"{text(props, 'user') or 'A user'} gets a console password."
