from policies.inputs import block, number, text
from policies.kinds import SECRET_ROTATION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "secretsmanager-rotates-in-time",
    on=SECRET_ROTATION,
    severity=Severity.MEDIUM,
    controls=("FSBP SecretsManager.4",),
    protects_from="a leaked secret that works for months",
    fix="set automatically_after_days to 90 or less.",
)
def secretsmanager_rotates_in_time(props: Props) -> Findings:
    """A secret that is changed automatically is changed every 90 days."""
    rules = block(props, "rotationRules")
    if (
        not text(rules, "scheduleExpression")
        and not 1 <= number(rules, "automaticallyAfterDays") <= 90
    ):
        yield "The secret is changed less often than every 90 days."
