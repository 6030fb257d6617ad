from pulumi_policy import PolicyResource

from policies.inputs import yes
from policies.kinds import LISTENER, LOAD_BALANCER
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "elb-public-speaks-https",
    on=LOAD_BALANCER,
    severity=Severity.HIGH,
    protects_from="passwords and cookies read on the way",
    fix="add an HTTPS listener with a certificate.",
)
def elb_public_speaks_https(balancer: PolicyResource, stack: Stack) -> Findings:
    """A public application load balancer has an HTTPS listener."""
    application = balancer.props.get("loadBalancerType") in (None, "application")
    if application and not yes(balancer.props, "internal"):
        listeners = stack.pointing_at(balancer, LISTENER, by="loadBalancerArn")
        if not any(listener.props.get("protocol") == "HTTPS" for listener in listeners):
            yield "The load balancer has no HTTPS listener."
