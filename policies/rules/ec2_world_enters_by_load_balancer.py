from pulumi_policy import PolicyResource

from policies.inputs import yes
from policies.kinds import ELASTIC_IP, INGRESS_RULE, INSTANCE, LOAD_BALANCER, SECURITY_GROUP
from policies.openings import openings
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "ec2-world-enters-by-load-balancer",
    on=INGRESS_RULE,
    severity=Severity.HIGH,
    protects_from="hosts that answer the internet around load balancer and firewall",
    fix="open the load balancer's group to the world, and the hosts' to the load balancer's group.",
)
def ec2_world_enters_by_load_balancer(rule: PolicyResource, stack: Stack) -> Findings:
    """Only a load balancer, or a host with a public address, is open to the world."""
    if not any(opening.to_world() for opening in openings(rule.props)):
        return
    for group in stack.referred(rule, "securityGroupId", SECURITY_GROUP):
        balancers = stack.pointing_at(group, LOAD_BALANCER, by="securityGroups")
        hosts = stack.pointing_at(group, INSTANCE, by="vpcSecurityGroupIds")
        public = [host for host in hosts if _has_address(host, stack)]
        if not balancers and not public:
            yield "The group is open to the world and belongs to no load balancer."


def _has_address(host: PolicyResource, stack: Stack) -> bool:
    return yes(host.props, "associatePublicIpAddress") or bool(
        stack.pointing_at(host, ELASTIC_IP, by="instance")
    )
