from policies.kinds import PERMISSIONS
from policies.policy_checks import granted
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "iam-no-service-wildcards",
    on=PERMISSIONS,
    severity=Severity.LOW,
    controls=("FSBP IAM.21",),
    protects_from="a role that may do what AWS adds to the service next year",
    fix="list the actions that are needed.",
)
def iam_no_service_wildcards(props: Props) -> Findings:
    """No policy allows every action of a service."""
    for statement in granted(props):
        wide = sorted({action for action in statement.actions if action.endswith(":*")})
        if wide:
            yield f"The policy allows {', '.join(wide)}."
