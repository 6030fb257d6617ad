from policies.kinds import REPOSITORY_POLICY
from policies.policy_checks import open_to_anyone
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecr-not-public",
    on=REPOSITORY_POLICY,
    severity=Severity.CRITICAL,
    controls=("CIS-7.0 2.21",),
    protects_from="anyone pulling the program, or pushing another in its place",
    fix="name the accounts or roles, or set a condition on the organization.",
)
def ecr_not_public(props: Props) -> Findings:
    """A repository is not open to every AWS account."""
    if open_to_anyone(props.get("policy")):
        yield "The repository's policy allows everyone."
