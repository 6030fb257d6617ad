from policies.inputs import text, values
from policies.kinds import POLICY_ATTACHMENT, ROLE
from policies.rule import Findings, Props, Severity, resource_rule

ADMINISTRATORS = {"AdministratorAccess", "IAMFullAccess", "PowerUserAccess"}


@resource_rule(
    "iam-no-administrator-attached",
    on=(*POLICY_ATTACHMENT, *ROLE),
    severity=Severity.HIGH,
    controls=(
        "FSBP IAM.1",
        "CIS-5.0 1.15",
        "CIS-7.0 2.14",
    ),
    protects_from="one leaked credential being the whole account",
    fix="attach a policy that lists what is needed.",
)
def iam_no_administrator_attached(props: Props) -> Findings:
    """No one is given one of AWS's policies for administrators."""
    given = [text(props, "policyArn"), *map(str, values(props, "managedPolicyArns"))]
    for arn in given:
        if arn.rpartition("/")[2] in ADMINISTRATORS:
            yield f"{arn.rpartition('/')[2]} is attached."
