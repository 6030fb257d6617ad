from policies.inputs import yes
from policies.kinds import REPLICATION_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "elasticache-fails-over",
    on=REPLICATION_GROUP,
    severity=Severity.MEDIUM,
    controls=("FSBP ElastiCache.3",),
    protects_from="an outage and lost jobs when one node or zone fails",
    fix="set automatic_failover_enabled=True and multi_az_enabled=True with two or more nodes.",
    only_in_production=True,
)
def elasticache_fails_over(props: Props) -> Findings:
    """A production cache has a replica in another zone to fail over to."""
    for key in ("automaticFailoverEnabled", "multiAzEnabled"):
        if not yes(props, key):
            yield f"The cache has {key} off."
