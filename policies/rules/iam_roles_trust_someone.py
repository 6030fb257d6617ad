from policies.kinds import ROLE
from policies.policy_checks import open_to_anyone
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "iam-roles-trust-someone",
    on=ROLE,
    severity=Severity.CRITICAL,
    protects_from="anyone with an AWS account taking the role",
    fix="name the service, account or role that may take it.",
)
def iam_roles_trust_someone(props: Props) -> Findings:
    """A role is not open to every AWS account."""
    if open_to_anyone(props.get("assumeRolePolicy")):
        yield "Everyone may take the role."
