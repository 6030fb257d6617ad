from collections.abc import Iterator

from pulumi_policy import PolicyResource

from policies.inputs import number
from policies.kinds import (
    ECS_SERVICE,
    INGRESS_RULE,
    INSTANCE,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
    TARGET_ATTACHMENT,
    TARGET_GROUP,
)
from policies.openings import openings
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack

RULES = (*INGRESS_RULE, *SECURITY_GROUP_RULE)


@stack_rule(
    "elb-target-port-is-open",
    on=TARGET_GROUP,
    severity=Severity.MEDIUM,
    protects_from="requests that never arrive, and a release that never becomes healthy",
    fix="let the load balancer's group reach the targets' group on that port.",
)
def elb_target_port_is_open(targets: PolicyResource, stack: Stack) -> Findings:
    """The port of a target group is open on what it sends requests to."""
    port = int(number(targets.props, "port"))
    for groups in _groups(targets, stack):
        rules = [
            rule
            for group in groups
            for rule in stack.pointing_at(group, RULES, by="securityGroupId")
        ]
        doors = [door for each in (*groups, *rules) for door in openings(each.props)]
        if groups and not any(door.includes(port) for door in doors):
            yield f"Port {port} is closed on what the target group sends requests to."


def _groups(targets: PolicyResource, stack: Stack) -> Iterator[list[PolicyResource]]:
    """The security groups of each host and each service behind the target group."""
    for attachment in stack.pointing_at(targets, TARGET_ATTACHMENT, by="targetGroupArn"):
        for host in stack.referred(attachment, "targetId", INSTANCE):
            yield stack.referred(host, "vpcSecurityGroupIds", SECURITY_GROUP)
    for service in stack.pointing_at(targets, ECS_SERVICE, by="loadBalancers"):
        yield stack.referred(service, "networkConfiguration", SECURITY_GROUP)
