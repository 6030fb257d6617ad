from pulumi_policy import PolicyResource

from policies.inputs import values
from policies.kinds import NETWORK_ACL, NETWORK_ACL_ASSOCIATION
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "ec2-network-acl-used",
    on=NETWORK_ACL,
    severity=Severity.LOW,
    controls=("FSBP EC2.16",),
    protects_from="a belief that traffic is filtered where it is not",
    fix="give it subnet_ids or an association, or remove it.",
)
def ec2_network_acl_used(acl: PolicyResource, stack: Stack) -> Findings:
    """A network ACL is attached to a subnet."""
    attached = stack.pointing_at(acl, NETWORK_ACL_ASSOCIATION, by="networkAclId")
    if not attached and not values(acl.props, "subnetIds"):
        yield "The network ACL guards no subnet."
