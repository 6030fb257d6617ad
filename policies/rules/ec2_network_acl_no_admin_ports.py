from policies.inputs import blocks, number
from policies.kinds import NETWORK_ACL, NETWORK_ACL_RULE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-network-acl-no-admin-ports",
    on=(*NETWORK_ACL, *NETWORK_ACL_RULE),
    severity=Severity.HIGH,
    controls=(
        "FSBP EC2.21",
        "CIS-5.0 5.2",
        "CIS-7.0 6.2",
    ),
    protects_from="SSH and Remote Desktop being exposed as soon as one security group is wrong",
    fix="name the administrators' address ranges, or leave ports 22 and 3389 out.",
)
def ec2_network_acl_no_admin_ports(props: Props) -> Findings:
    """A network ACL admits SSH and Remote Desktop from named ranges only."""
    for rule in _ingress(props):
        allows = (rule.get("action") or rule.get("ruleAction")) == "allow"
        if allows and _from_world(rule) and _admin_port(rule):
            yield "The network ACL admits administration ports from anywhere."


def _ingress(props: Props) -> list[Props]:
    if "ruleAction" in props:
        return [] if props.get("egress") is True else [props]
    return blocks(props, "ingress")


def _from_world(rule: Props) -> bool:
    return rule.get("cidrBlock") == "0.0.0.0/0" or rule.get("ipv6CidrBlock") == "::/0"


def _admin_port(rule: Props) -> bool:
    if rule.get("protocol") in ("-1", "all"):
        return True
    first, last = number(rule, "fromPort"), number(rule, "toPort", 65535)
    return rule.get("protocol") in ("tcp", "6") and any(
        first <= port <= last for port in (22, 3389)
    )
