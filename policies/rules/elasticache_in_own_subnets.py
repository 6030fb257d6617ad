from policies.inputs import text
from policies.kinds import CACHE_CLUSTER, REPLICATION_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "elasticache-in-own-subnets",
    on=(*REPLICATION_GROUP, *CACHE_CLUSTER),
    severity=Severity.HIGH,
    controls=("FSBP ElastiCache.7",),
    protects_from="a cache in the default network",
    fix="set subnet_group_name.",
)
def elasticache_in_own_subnets(props: Props) -> Findings:
    """A cache stands in subnets chosen for it."""
    member = props.get("replicationGroupId") and "clusterId" in props
    if not member and text(props, "subnetGroupName") in ("", "default"):
        yield "The cache stands wherever the account's default network is."
