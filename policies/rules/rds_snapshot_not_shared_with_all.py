from policies.inputs import values
from policies.kinds import DATABASE_SNAPSHOT
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-snapshot-not-shared-with-all",
    on=DATABASE_SNAPSHOT,
    severity=Severity.CRITICAL,
    controls=("FSBP RDS.1",),
    protects_from="anyone copying the whole database",
    fix="share with named account ids.",
)
def rds_snapshot_not_shared_with_all(props: Props) -> Findings:
    """A database snapshot is not shared with everyone."""
    if "all" in values(props, "sharedAccounts"):
        yield "The snapshot is shared with every AWS account."
