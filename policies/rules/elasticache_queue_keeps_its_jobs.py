from pulumi_policy import PolicyResource

from policies.inputs import block, blocks
from policies.kinds import CACHE_PARAMETERS, REPLICATION_GROUP
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "elasticache-queue-keeps-its-jobs",
    on=REPLICATION_GROUP,
    severity=Severity.HIGH,
    protects_from="jobs being evicted when the memory is full",
    fix="set maxmemory-policy=noeviction in its parameter group, and watch the memory.",
)
def elasticache_queue_keeps_its_jobs(cache: PolicyResource, stack: Stack) -> Findings:
    """A cache that is a queue evicts nothing."""
    tags = block(cache.props, "tags")
    if "queue" not in (tags.get("use"), tags.get("Use")):
        return
    groups = stack.referred(cache, "parameterGroupName", CACHE_PARAMETERS)
    policies = [
        parameter.get("value")
        for group in groups
        for parameter in blocks(group.props, "parameters")
        if parameter.get("name") == "maxmemory-policy"
    ]
    if policies != ["noeviction"]:
        yield "The queue may evict jobs."
