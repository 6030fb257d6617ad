from policies.inputs import text, texts
from policies.kinds import DATABASE
from policies.rule import Findings, Props, Severity, resource_rule

LOGS = {
    "postgres": {"postgresql"},
    "mysql": {"error", "slowquery"},
    "mariadb": {"error", "slowquery"},
}


@resource_rule(
    "rds-exports-logs",
    on=DATABASE,
    severity=Severity.MEDIUM,
    controls=(
        "FSBP RDS.9",
        "FSBP RDS.36",
    ),
    protects_from="an attack or a fault of which nothing remains when the instance is gone",
    fix="set enabled_cloudwatch_logs_exports.",
    only_in_production=True,
)
def rds_exports_logs(props: Props) -> Findings:
    """A database keeps its logs outside itself."""
    wanted = LOGS.get(text(props, "engine"), set())
    missing = sorted(wanted - set(texts(props, "enabledCloudwatchLogsExports")))
    if missing:
        yield f"The database does not export: {', '.join(missing)}."
