from policies.inputs import yes
from policies.kinds import DATABASE, DATABASE_CLUSTER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-leaves-final-snapshot",
    on=(*DATABASE, *DATABASE_CLUSTER),
    severity=Severity.HIGH,
    protects_from="the loss of everything since the last backup when the database is deleted",
    fix="set skip_final_snapshot=False and a final_snapshot_identifier.",
    only_in_production=True,
)
def rds_leaves_final_snapshot(props: Props) -> Findings:
    """A production database leaves a snapshot when it is deleted."""
    if not props.get("replicateSourceDb") and yes(props, "skipFinalSnapshot"):
        yield "Nothing remains when the database is deleted."
