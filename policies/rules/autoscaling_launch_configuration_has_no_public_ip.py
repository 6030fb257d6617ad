from policies.kinds import LAUNCH_CONFIGURATION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "autoscaling-launch-configuration-has-no-public-ip",
    on=LAUNCH_CONFIGURATION,
    severity=Severity.HIGH,
    controls=("FSBP AutoScaling.5",),
    protects_from="direct attacks on every host the group starts",
    fix="set associate_public_ip_address=False.",
)
def autoscaling_launch_configuration_has_no_public_ip(props: Props) -> Findings:
    """Hosts started from a launch configuration have no public address."""
    if props.get("associatePublicIpAddress") is not False:
        yield "What it starts may get a public address."
