from policies.inputs import block, blocks, text, yes
from policies.kinds import INSTANCE, LAUNCH_CONFIGURATION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-instance-volumes-encrypted",
    on=(*INSTANCE, *LAUNCH_CONFIGURATION),
    severity=Severity.HIGH,
    controls=(
        "FSBP EC2.3",
        "CIS-5.0 5.1.1",
        "CIS-7.0 6.1.1",
    ),
    protects_from="data read from a copied volume or snapshot",
    fix="set encrypted=True on root_block_device and on each of ebs_block_devices.",
)
def ec2_instance_volumes_encrypted(props: Props) -> Findings:
    """The disks of a host are encrypted."""
    if not yes(block(props, "rootBlockDevice"), "encrypted"):
        yield "The root disk is not encrypted."
    for device in blocks(props, "ebsBlockDevices"):
        if not yes(device, "encrypted"):
            yield f"The disk {text(device, 'deviceName')} is not encrypted."
