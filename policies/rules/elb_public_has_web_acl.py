from pulumi_policy import PolicyResource

from policies.inputs import yes
from policies.kinds import LOAD_BALANCER, WEB_ACL_ASSOCIATION
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "elb-public-has-web-acl",
    on=LOAD_BALANCER,
    severity=Severity.MEDIUM,
    controls=("FSBP ELB.16",),
    protects_from="known exploits, scanners and floods reaching the application",
    fix="associate a WAFv2 web ACL, or make the load balancer internal, behind CloudFront.",
    only_in_production=True,
)
def elb_public_has_web_acl(balancer: PolicyResource, stack: Stack) -> Findings:
    """A public application load balancer stands behind a web application firewall."""
    application = balancer.props.get("loadBalancerType") in (None, "application")
    guarded = stack.pointing_at(balancer, WEB_ACL_ASSOCIATION, by="resourceArn")
    if application and not yes(balancer.props, "internal") and not guarded:
        yield "The load balancer has no web ACL."
