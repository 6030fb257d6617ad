from policies.inputs import block, blocks, text, yes
from policies.kinds import LAUNCH_TEMPLATE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-launch-template-volumes-encrypted",
    on=LAUNCH_TEMPLATE,
    severity=Severity.HIGH,
    controls=(
        "FSBP EC2.3",
        "CIS-5.0 5.1.1",
        "CIS-7.0 6.1.1",
    ),
    protects_from="data read from a copied volume or snapshot",
    fix='set encrypted="true" in the ebs block of each of block_device_mappings.',
)
def ec2_launch_template_volumes_encrypted(props: Props) -> Findings:
    """The disks of hosts started from a launch template are encrypted."""
    mappings = blocks(props, "blockDeviceMappings")
    if not mappings:
        yield "The template leaves encryption of the root disk to the image."
    for mapping in mappings:
        if "ebs" in mapping and not yes(block(mapping, "ebs"), "encrypted"):
            yield f"The disk {text(mapping, 'deviceName')} is not encrypted."
