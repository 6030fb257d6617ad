from pulumi_policy import PolicyResource

from policies.inputs import blocks
from policies.kinds import QUERY_LOG, ZONE
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "route53-logs-queries",
    on=ZONE,
    severity=Severity.MEDIUM,
    controls=("FSBP Route53.2",),
    protects_from="not noticing that names are looked up by malware, or have been taken over",
    fix="add a QueryLog with a log group in us-east-1.",
    off_because=(
        "a web platform's public names are asked for by everyone; the log holds visitors' "
        "resolvers only"
    ),
)
def route53_logs_queries(zone: PolicyResource, stack: Stack) -> Findings:
    """A public zone records what is asked of it."""
    public = not blocks(zone.props, "vpcs")
    if public and not stack.pointing_at(zone, QUERY_LOG, by="zoneId"):
        yield "The zone records no queries."
