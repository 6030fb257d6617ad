from policies.inputs import yes
from policies.kinds import FILE_SYSTEM
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "efs-encrypted",
    on=FILE_SYSTEM,
    severity=Severity.HIGH,
    controls=(
        "CIS-5.0 2.3.1",
        "CIS-7.0 3.3.1",
    ),
    protects_from="shared files read from the storage beneath",
    fix="set encrypted=True (this replaces the file system: copy its files first).",
)
def efs_encrypted(props: Props) -> Findings:
    """A shared file system is encrypted."""
    if not yes(props, "encrypted"):
        yield "The file system is not encrypted."
