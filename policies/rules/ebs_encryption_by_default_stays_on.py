from policies.kinds import EBS_DEFAULT
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ebs-encryption-by-default-stays-on",
    on=EBS_DEFAULT,
    severity=Severity.HIGH,
    controls=(
        "FSBP EC2.7",
        "CIS-5.0 5.1.1",
        "CIS-7.0 6.1.1",
    ),
    protects_from="disks of images and of other tools being made unencrypted",
    fix="set enabled=True.",
)
def ebs_encryption_by_default_stays_on(props: Props) -> Findings:
    """The region's default encryption of disks is not turned off."""
    if props.get("enabled") is False:
        yield "New disks of the region would be unencrypted unless each asks for it."
