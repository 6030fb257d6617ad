from policies.inputs import number
from policies.kinds import DATABASE, DATABASE_CLUSTER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-not-on-default-port",
    on=(*DATABASE, *DATABASE_CLUSTER),
    severity=Severity.LOW,
    controls=("FSBP RDS.23",),
    protects_from="scans that try default ports only",
    fix="set port to something else.",
    off_because=(
        "security groups admit named clients only; another port hides nothing from those who "
        "are inside"
    ),
)
def rds_not_on_default_port(props: Props) -> Findings:
    """A database does not listen where everyone looks."""
    if number(props, "port", 0) in (0, 1433, 1521, 3306, 5432):
        yield "The database listens on its engine's default port."
