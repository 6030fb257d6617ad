from policies.kinds import PERMISSIONS
from policies.policy_checks import granted, matches
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "iam-passes-named-roles",
    on=PERMISSIONS,
    severity=Severity.HIGH,
    protects_from="whoever may start a machine giving it, and so himself, a stronger role",
    fix="name the roles, and set a condition on iam:PassedToService.",
)
def iam_passes_named_roles(props: Props) -> Findings:
    """No policy hands on every role."""
    for statement in granted(props):
        passes = any(matches(action, "iam:PassRole") for action in statement.actions)
        every = any(
            resource == "*" or resource.endswith(":role/*") for resource in statement.resources
        )
        if passes and every:
            yield "The policy hands on every role of the account."
