from policies.kinds import PERMISSIONS
from policies.policy_checks import granted, matches
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "iam-reads-named-secrets",
    on=PERMISSIONS,
    severity=Severity.HIGH,
    protects_from="one application reading the secrets of all others",
    fix="name the secrets, by ARN or by a prefix of one's own.",
)
def iam_reads_named_secrets(props: Props) -> Findings:
    """No policy reads every secret."""
    for statement in granted(props):
        reads = any(
            matches(action, "secretsmanager:GetSecretValue") for action in statement.actions
        )
        every = any(
            resource == "*" or resource.endswith(":secret:*") for resource in statement.resources
        )
        if reads and every and not statement.condition:
            yield "The policy reads every secret of the account."
