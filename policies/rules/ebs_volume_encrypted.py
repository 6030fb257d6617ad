from policies.inputs import yes
from policies.kinds import EBS_VOLUME
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ebs-volume-encrypted",
    on=EBS_VOLUME,
    severity=Severity.HIGH,
    controls=(
        "FSBP EC2.3",
        "CIS-5.0 5.1.1",
        "CIS-7.0 6.1.1",
    ),
    protects_from="data read from a copied volume or snapshot",
    fix="set encrypted=True (this replaces the volume: copy its data first).",
)
def ebs_volume_encrypted(props: Props) -> Findings:
    """A volume is encrypted."""
    if not yes(props, "encrypted"):
        yield "The volume is not encrypted."
