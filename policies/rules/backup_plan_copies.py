from policies.inputs import blocks, text
from policies.kinds import BACKUP_PLAN
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "backup-plan-copies",
    on=BACKUP_PLAN,
    severity=Severity.MEDIUM,
    protects_from="the loss of data and backups with one region or one account",
    fix="add copy_actions to a vault of another region.",
    off_because="a second region is a choice of the stack, and doubles what backups cost",
)
def backup_plan_copies(props: Props) -> Findings:
    """A production backup has a copy elsewhere."""
    for rule in blocks(props, "rules"):
        if not blocks(rule, "copyActions"):
            yield f"{text(rule, 'ruleName')} keeps its backups in one place."
