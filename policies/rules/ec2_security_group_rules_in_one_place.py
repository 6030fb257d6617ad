from pulumi_policy import PolicyResource

from policies.inputs import blocks
from policies.kinds import EGRESS_RULE, INGRESS_RULE, SECURITY_GROUP, SECURITY_GROUP_RULE
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack

RULE_RESOURCES = (*SECURITY_GROUP_RULE, *INGRESS_RULE, *EGRESS_RULE)


@stack_rule(
    "ec2-security-group-rules-in-one-place",
    on=SECURITY_GROUP,
    severity=Severity.MEDIUM,
    protects_from="inline rules and rule resources undoing each other at every update",
    fix="move the inline rules to SecurityGroupIngressRule and SecurityGroupEgressRule resources.",
)
def ec2_security_group_rules_in_one_place(group: PolicyResource, stack: Stack) -> Findings:
    """A security group's rules are either all inline or all resources of their own."""
    apart = stack.pointing_at(group, RULE_RESOURCES, by="securityGroupId")
    for side in ("ingress", "egress"):
        if apart and blocks(group.props, side):
            yield f"The group has inline {side} rules beside rule resources."
