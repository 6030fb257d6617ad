from pulumi_policy import PolicyResource

from policies.inputs import blocks, text
from policies.kinds import DATABASE, DATABASE_PARAMETERS
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "rds-postgres-refuses-plain-text",
    on=DATABASE,
    severity=Severity.MEDIUM,
    controls=("FSBP RDS.38",),
    protects_from="passwords and rows read on the network",
    fix="set rds.force_ssl=1 in the parameter group.",
)
def rds_postgres_refuses_plain_text(database: PolicyResource, stack: Stack) -> Findings:
    """PostgreSQL refuses connections without TLS."""
    if text(database.props, "engine") != "postgres":
        return
    groups = stack.referred(database, "parameterGroupName", DATABASE_PARAMETERS)
    settings = [
        text(parameter, "value")
        for group in groups
        for parameter in blocks(group.props, "parameters")
        if parameter.get("name") == "rds.force_ssl"
    ]
    # From version 15 on RDS forces TLS unless told otherwise.
    major = text(database.props, "engineVersion").partition(".")[0]
    by_default = major.isdigit() and int(major) >= 15
    if settings != ["1"] and (settings or not by_default):
        yield "The database accepts connections in plain text."
