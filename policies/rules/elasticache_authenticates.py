from policies.inputs import values
from policies.kinds import REPLICATION_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "elasticache-authenticates",
    on=REPLICATION_GROUP,
    severity=Severity.HIGH,
    controls=("FSBP ElastiCache.6",),
    protects_from="every process in the network reading and changing the cache",
    fix="set auth_token or user_group_ids.",
)
def elasticache_authenticates(props: Props) -> Findings:
    """A cache asks its clients who they are."""
    if not (props.get("authToken") or props.get("authTokenWo") or values(props, "userGroupIds")):
        yield "The cache answers everyone."
