from pulumi_policy import PolicyResource

from policies.kinds import FLOW_LOG, VPC
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "ec2-vpc-flow-logs",
    on=VPC,
    severity=Severity.MEDIUM,
    controls=(
        "FSBP EC2.6",
        "CIS-5.0 3.7",
        "CIS-7.0 4.7",
    ),
    protects_from="an intrusion of which no trace of the network remains",
    fix="add a FlowLog for the VPC.",
    only_in_production=True,
)
def ec2_vpc_flow_logs(vpc: PolicyResource, stack: Stack) -> Findings:
    """A VPC records its traffic."""
    if not stack.pointing_at(vpc, FLOW_LOG, by="vpcId"):
        yield "The VPC has no flow log."
