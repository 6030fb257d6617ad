from pulumi_policy import PolicyResource

from policies.inputs import blocks
from policies.kinds import DEFAULT_SECURITY_GROUP, VPC
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "ec2-default-security-group-empty",
    on=VPC,
    severity=Severity.HIGH,
    controls=(
        "FSBP EC2.2",
        "CIS-5.0 5.5",
        "CIS-7.0 6.5",
    ),
    protects_from="machines without a group of their own reaching each other and the internet",
    fix="add a DefaultSecurityGroup for the VPC without any ingress or egress.",
)
def ec2_default_security_group_empty(vpc: PolicyResource, stack: Stack) -> Findings:
    """The default security group of a VPC lets nothing in or out."""
    groups = stack.pointing_at(vpc, DEFAULT_SECURITY_GROUP, by="vpcId")
    if not groups:
        yield "The VPC keeps its default security group as AWS made it."
    for group in groups:
        if blocks(group.props, "ingress") or blocks(group.props, "egress"):
            yield "The default security group has rules."
