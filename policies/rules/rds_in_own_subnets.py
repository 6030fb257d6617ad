from policies.inputs import text
from policies.kinds import DATABASE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-in-own-subnets",
    on=DATABASE,
    severity=Severity.HIGH,
    controls=("FSBP RDS.18",),
    protects_from="a database in the default network",
    fix="set db_subnet_group_name.",
)
def rds_in_own_subnets(props: Props) -> Findings:
    """A database stands in subnets chosen for it."""
    if not props.get("replicateSourceDb") and not text(props, "dbSubnetGroupName"):
        yield "The database stands wherever the account's default network is."
