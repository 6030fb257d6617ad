from policies.inputs import number
from policies.kinds import DATABASE, DATABASE_CLUSTER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-backs-up",
    on=(*DATABASE, *DATABASE_CLUSTER),
    severity=Severity.HIGH,
    controls=("FSBP RDS.11",),
    protects_from="the loss of data by a fault that is noticed after some days",
    fix="set backup_retention_period to 7 or more days.",
    only_in_production=True,
)
def rds_backs_up(props: Props) -> Findings:
    """A production database can be taken back to any moment of the last seven days."""
    if not props.get("replicateSourceDb") and number(props, "backupRetentionPeriod") < 7:
        days = number(props, "backupRetentionPeriod")
        yield f"Backups are kept for {days:.0f} days."
