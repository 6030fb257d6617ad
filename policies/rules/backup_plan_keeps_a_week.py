from policies.inputs import block, blocks, number, text
from policies.kinds import BACKUP_PLAN
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "backup-plan-keeps-a-week",
    on=BACKUP_PLAN,
    severity=Severity.MEDIUM,
    protects_from="a fault that is noticed after the last good backup is gone",
    fix="set delete_after to 7 or more days.",
    only_in_production=True,
)
def backup_plan_keeps_a_week(props: Props) -> Findings:
    """A backup is kept for a week or longer."""
    for rule in blocks(props, "rules"):
        if 0 < number(block(rule, "lifecycle"), "deleteAfter") < 7:
            yield f"{text(rule, 'ruleName')} keeps its backups for less than a week."
