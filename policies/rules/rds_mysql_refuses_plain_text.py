from pulumi_policy import PolicyResource

from policies.inputs import blocks, text
from policies.kinds import DATABASE, DATABASE_PARAMETERS
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "rds-mysql-refuses-plain-text",
    on=DATABASE,
    severity=Severity.MEDIUM,
    controls=("FSBP RDS.39",),
    protects_from="passwords and rows read on the network",
    fix="set require_secure_transport=1 in the parameter group.",
)
def rds_mysql_refuses_plain_text(database: PolicyResource, stack: Stack) -> Findings:
    """MySQL and MariaDB refuse connections without TLS."""
    if text(database.props, "engine") not in ("mysql", "mariadb"):
        return
    groups = stack.referred(database, "parameterGroupName", DATABASE_PARAMETERS)
    settings = [
        text(parameter, "value").upper()
        for group in groups
        for parameter in blocks(group.props, "parameters")
        if parameter.get("name") == "require_secure_transport"
    ]
    if not settings or settings[0] not in ("1", "ON"):
        yield "The database accepts connections in plain text."
