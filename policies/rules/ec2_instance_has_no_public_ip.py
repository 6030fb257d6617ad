from policies.inputs import block, text, yes
from policies.kinds import INSTANCE
from policies.rule import Findings, Props, Severity, resource_rule

JUMP_HOSTS = ("bastion", "operations")


@resource_rule(
    "ec2-instance-has-no-public-ip",
    on=INSTANCE,
    severity=Severity.HIGH,
    controls=("FSBP EC2.9",),
    protects_from="direct attacks on application and data hosts",
    fix="set associate_public_ip_address=False, or tag the jump host with Role = bastion.",
)
def ec2_instance_has_no_public_ip(props: Props) -> Findings:
    """No host but the jump host has a public address."""
    tags = block(props, "tags")
    purpose = text(tags, "Role") or text(tags, "Name").rpartition("-")[2]
    if yes(props, "associatePublicIpAddress") and purpose not in JUMP_HOSTS:
        yield "The instance has a public address."
