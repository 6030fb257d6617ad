from policies.inputs import blocks
from policies.kinds import SECURITY_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-security-group-rules-in-one-place",
    on=SECURITY_GROUP,
    severity=Severity.MEDIUM,
    protects_from="inline rules and rule resources undoing each other at every update",
    fix="move the inline rules to SecurityGroupIngressRule and SecurityGroupEgressRule resources.",
)
def ec2_security_group_rules_in_one_place(props: Props) -> Findings:
    """A security group's rules are resources of their own."""
    # Judged by what is declared: once AWS has been asked (a refresh), a group also lists the
    # rules that are resources.
    for side in ("ingress", "egress"):
        if blocks(props, side):
            yield f"The group has inline {side} rules."
