from policies.kinds import CACHE_CLUSTER, REPLICATION_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "elasticache-takes-minor-upgrades",
    on=(*REPLICATION_GROUP, *CACHE_CLUSTER),
    severity=Severity.HIGH,
    controls=("FSBP ElastiCache.2",),
    protects_from="known holes in the engine staying open",
    fix="leave auto_minor_version_upgrade on.",
)
def elasticache_takes_minor_upgrades(props: Props) -> Findings:
    """A cache takes security fixes in its maintenance window."""
    if props.get("autoMinorVersionUpgrade") in (False, "false"):
        yield "The cache stays on its minor version."
