from policies.kinds import SECRET, SECRET_POLICY
from policies.policy_checks import open_to_anyone
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "secretsmanager-policy-not-public",
    on=(*SECRET_POLICY, *SECRET),
    severity=Severity.CRITICAL,
    controls=("CIS-7.0 2.21",),
    protects_from="anyone reading the secret",
    fix="name the principals, and set block_public_policy=True.",
)
def secretsmanager_policy_not_public(props: Props) -> Findings:
    """No secret is open to every AWS account."""
    if open_to_anyone(props.get("policy")):
        yield "The secret's policy allows everyone."
