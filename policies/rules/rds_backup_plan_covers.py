from pulumi_policy import PolicyResource

from policies.inputs import blocks
from policies.kinds import BACKUP_SELECTION, DATABASE
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "rds-backup-plan-covers",
    on=DATABASE,
    severity=Severity.MEDIUM,
    controls=("FSBP RDS.26",),
    protects_from="the loss of database and backups together",
    fix="select the instance in a backup plan, by ARN or by tag.",
    off_because=(
        "automated backups and logical dumps are kept instead; selection by tag is resolved "
        "in the account"
    ),
)
def rds_backup_plan_covers(database: PolicyResource, stack: Stack) -> Findings:
    """A database is selected by a backup plan."""
    chosen = stack.pointing_at(database, BACKUP_SELECTION, by="resources")
    by_tag = [each for each in stack.of(BACKUP_SELECTION) if blocks(each.props, "selectionTags")]
    if not chosen and not by_tag:
        yield "No backup plan selects the database."
