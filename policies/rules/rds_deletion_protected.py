from policies.inputs import yes
from policies.kinds import DATABASE, DATABASE_CLUSTER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-deletion-protected",
    on=(*DATABASE, *DATABASE_CLUSTER),
    severity=Severity.MEDIUM,
    controls=(
        "FSBP RDS.7",
        "FSBP RDS.8",
    ),
    protects_from="the loss of all data by one call",
    fix="set deletion_protection=True.",
    only_in_production=True,
)
def rds_deletion_protected(props: Props) -> Findings:
    """A production database cannot be deleted by one call."""
    if not _is_copy(props) and not yes(props, "deletionProtection"):
        yield "The database can be deleted by one call."


def _is_copy(props: Props) -> bool:
    return bool(props.get("replicateSourceDb") or props.get("replicationSourceIdentifier"))
