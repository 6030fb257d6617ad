from policies.inputs import block, blocks, text
from policies.kinds import TASK_DEFINITION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecs-efs-encrypted-in-transit",
    on=TASK_DEFINITION,
    severity=Severity.HIGH,
    protects_from="shared files read on the network",
    fix='set transit_encryption="ENABLED" in efs_volume_configuration.',
)
def ecs_efs_encrypted_in_transit(props: Props) -> Findings:
    """A task reads shared files over TLS."""
    for volume in blocks(props, "volumes"):
        efs = block(volume, "efsVolumeConfiguration")
        if efs and efs.get("transitEncryption") != "ENABLED":
            yield f"Volume {text(volume, 'name')} is mounted in plain text."
