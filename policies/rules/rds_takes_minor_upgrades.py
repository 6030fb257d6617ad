from policies.kinds import DATABASE, DATABASE_CLUSTER_INSTANCE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-takes-minor-upgrades",
    on=(*DATABASE, *DATABASE_CLUSTER_INSTANCE),
    severity=Severity.HIGH,
    controls=(
        "FSBP RDS.13",
        "FSBP RDS.35",
        "CIS-5.0 2.2.2",
        "CIS-7.0 3.2.2",
    ),
    protects_from="known holes in the engine staying open",
    fix="leave auto_minor_version_upgrade on.",
)
def rds_takes_minor_upgrades(props: Props) -> Findings:
    """A database takes security fixes in its maintenance window."""
    if props.get("autoMinorVersionUpgrade") is False:
        yield "The database stays on its minor version."
