from policies.kinds import PERMISSIONS
from policies.policy_checks import granted, matches
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "iam-reads-named-parameters",
    on=PERMISSIONS,
    severity=Severity.MEDIUM,
    protects_from="one application reading the configuration and secrets of all others",
    fix="name the parameters, by a path of one's own.",
)
def iam_reads_named_parameters(props: Props) -> Findings:
    """No policy reads every parameter."""
    for statement in granted(props):
        reads = any(
            matches(action, "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath")
            for action in statement.actions
        )
        every = any(
            resource == "*" or resource.endswith(":parameter/*") for resource in statement.resources
        )
        if reads and every and not statement.condition:
            yield "The policy reads every parameter of the account."
