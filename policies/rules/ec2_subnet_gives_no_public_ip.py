from policies.inputs import yes
from policies.kinds import SUBNET
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-subnet-gives-no-public-ip",
    on=SUBNET,
    severity=Severity.MEDIUM,
    controls=("FSBP EC2.15",),
    protects_from="machines that are on the internet without anyone having meant it",
    fix="leave map_public_ip_on_launch off and give public addresses on purpose.",
)
def ec2_subnet_gives_no_public_ip(props: Props) -> Findings:
    """A subnet gives no machine a public address by itself."""
    if yes(props, "mapPublicIpOnLaunch"):
        yield "Whatever starts in the subnet gets a public address."
