from pulumi_policy import PolicyResource

from policies.inputs import text
from policies.kinds import VPC, VPC_ENDPOINT
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "ec2-vpc-reaches-ec2-privately",
    on=VPC,
    severity=Severity.MEDIUM,
    controls=("FSBP EC2.10",),
    protects_from="calls to the EC2 API crossing the internet",
    fix="add an interface VpcEndpoint for com.amazonaws.REGION.ec2.",
    off_because=(
        "a web platform's hosts do not call the EC2 API, and the endpoint is charged by the "
        "hour and zone"
    ),
)
def ec2_vpc_reaches_ec2_privately(vpc: PolicyResource, stack: Stack) -> Findings:
    """A VPC reaches the EC2 API without crossing the internet."""
    endpoints = stack.pointing_at(vpc, VPC_ENDPOINT, by="vpcId")
    if not any(text(endpoint.props, "serviceName").endswith(".ec2") for endpoint in endpoints):
        yield "The VPC has no endpoint for the EC2 API."
