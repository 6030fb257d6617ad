from policies.kinds import PERMISSIONS
from policies.policy_checks import granted
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "iam-no-administrators",
    on=PERMISSIONS,
    severity=Severity.CRITICAL,
    controls=(
        "FSBP IAM.1",
        "CIS-5.0 1.15",
        "CIS-7.0 2.14",
    ),
    protects_from="one leaked credential being the whole account",
    fix="list the actions and resources that are needed.",
)
def iam_no_administrators(props: Props) -> Findings:
    """No policy allows everything on everything."""
    for statement in granted(props):
        if "*" in statement.actions and "*" in statement.resources:
            yield "The policy allows every action on every resource."
