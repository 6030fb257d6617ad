from policies.inputs import blocks, yes
from policies.kinds import LAUNCH_TEMPLATE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-launch-template-has-no-public-ip",
    on=LAUNCH_TEMPLATE,
    severity=Severity.HIGH,
    controls=("FSBP EC2.25",),
    protects_from="direct attacks on every host an Auto Scaling group starts",
    fix='set associate_public_ip_address="false" on each network interface.',
)
def ec2_launch_template_has_no_public_ip(props: Props) -> Findings:
    """Hosts started from a launch template have no public address."""
    for interface in blocks(props, "networkInterfaces"):
        if yes(interface, "associatePublicIpAddress"):
            yield "An interface of the template gets a public address."
