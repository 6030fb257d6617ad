from policies.kinds import PERMISSIONS
from policies.policy_checks import granted
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "iam-no-everything-but",
    on=PERMISSIONS,
    severity=Severity.MEDIUM,
    protects_from="a policy that allows what its author never thought of",
    fix="list what is allowed, in Action and Resource.",
)
def iam_no_everything_but(props: Props) -> Findings:
    """No policy allows everything except what it lists."""
    if any(statement.excludes for statement in granted(props)):
        yield "The policy allows by NotAction or NotResource."
