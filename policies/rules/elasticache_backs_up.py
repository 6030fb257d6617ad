from policies.inputs import number
from policies.kinds import REPLICATION_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "elasticache-backs-up",
    on=REPLICATION_GROUP,
    severity=Severity.HIGH,
    controls=("FSBP ElastiCache.1",),
    protects_from="the loss of jobs and sessions when a cache is replaced",
    fix="set snapshot_retention_limit to 1 or more days.",
    only_in_production=True,
)
def elasticache_backs_up(props: Props) -> Findings:
    """A production cache is backed up."""
    if number(props, "snapshotRetentionLimit") < 1:
        yield "The cache is not backed up."
