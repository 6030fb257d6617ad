from pulumi_policy import PolicyResource

from policies.inputs import text
from policies.kinds import VPC, VPC_ENDPOINT
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "ec2-vpc-reaches-s3-privately",
    on=VPC,
    severity=Severity.LOW,
    controls=("CIS-7.0 6.8",),
    protects_from="paying for, and exposing to the internet path, what is an internal transfer",
    fix="add a gateway VpcEndpoint for com.amazonaws.REGION.s3 (it is free of charge).",
)
def ec2_vpc_reaches_s3_privately(vpc: PolicyResource, stack: Stack) -> Findings:
    """A VPC reaches S3 without crossing the internet."""
    endpoints = stack.pointing_at(vpc, VPC_ENDPOINT, by="vpcId")
    if not any(text(endpoint.props, "serviceName").endswith(".s3") for endpoint in endpoints):
        yield "The VPC has no endpoint for S3."
