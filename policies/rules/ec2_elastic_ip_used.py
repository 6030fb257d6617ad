from pulumi_policy import PolicyResource

from policies.inputs import text
from policies.kinds import ELASTIC_IP, ELASTIC_IP_ASSOCIATION, NAT_GATEWAY
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "ec2-elastic-ip-used",
    on=ELASTIC_IP,
    severity=Severity.LOW,
    controls=("FSBP EC2.12",),
    protects_from=(
        "paying for addresses that lead nowhere, and from stale firewall rules about them"
    ),
    fix="attach it to a NAT gateway or an instance, or remove it.",
)
def ec2_elastic_ip_used(address: PolicyResource, stack: Stack) -> Findings:
    """A reserved public address is in use."""
    used = any(
        stack.pointing_at(address, (*ELASTIC_IP_ASSOCIATION, *NAT_GATEWAY), by=by)
        for by in ("allocationId", "secondaryAllocationIds")
    )
    if (
        not used
        and not text(address.props, "instance")
        and not text(address.props, "networkInterface")
    ):
        yield "The address is attached to nothing."
