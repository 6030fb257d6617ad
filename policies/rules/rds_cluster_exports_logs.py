from policies.inputs import text, values
from policies.kinds import DATABASE_CLUSTER
from policies.rule import Findings, Props, Severity, resource_rule

LOGS = {"aurora-mysql": "audit", "aurora-postgresql": "postgresql"}


@resource_rule(
    "rds-cluster-exports-logs",
    on=DATABASE_CLUSTER,
    severity=Severity.MEDIUM,
    controls=(
        "FSBP RDS.34",
        "FSBP RDS.37",
    ),
    protects_from="an attack or a fault of which nothing remains when the cluster is gone",
    fix="set enabled_cloudwatch_logs_exports.",
    only_in_production=True,
)
def rds_cluster_exports_logs(props: Props) -> Findings:
    """A database cluster keeps its logs outside itself."""
    wanted = LOGS.get(text(props, "engine"))
    if wanted and wanted not in values(props, "enabledCloudwatchLogsExports"):
        yield f"The cluster does not export: {wanted}."
