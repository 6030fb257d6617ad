from policies.inputs import number
from policies.kinds import DATABASE, DATABASE_CLUSTER_INSTANCE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-enhanced-monitoring",
    on=(*DATABASE, *DATABASE_CLUSTER_INSTANCE),
    severity=Severity.LOW,
    controls=("FSBP RDS.6",),
    protects_from="not knowing which process took the memory or the disk",
    fix="set monitoring_interval=60 and a monitoring_role_arn.",
    only_in_production=True,
)
def rds_enhanced_monitoring(props: Props) -> Findings:
    """A production database is measured from inside its host."""
    if number(props, "monitoringInterval") == 0:
        yield "The database has no enhanced monitoring."
