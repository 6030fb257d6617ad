from policies.inputs import yes
from policies.kinds import DATABASE, DATABASE_CLUSTER_INSTANCE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-not-public",
    on=(*DATABASE, *DATABASE_CLUSTER_INSTANCE),
    severity=Severity.CRITICAL,
    controls=(
        "FSBP RDS.2",
        "CIS-5.0 2.2.3",
        "CIS-7.0 3.2.3",
    ),
    protects_from="anyone on the internet trying passwords against the database",
    fix="set publicly_accessible=False, and reach it through the operations host.",
)
def rds_not_public(props: Props) -> Findings:
    """A database has no public address."""
    if yes(props, "publiclyAccessible"):
        yield "The database has a public address."
