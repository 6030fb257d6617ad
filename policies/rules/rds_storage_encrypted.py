from policies.kinds import DATABASE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-storage-encrypted",
    on=DATABASE,
    severity=Severity.HIGH,
    controls=("FSBP RDS.3", "FSBP RDS.4", "CIS-5.0 2.2.1", "CIS-7.0 3.2.1"),
    protects_from="data read from a copied volume, snapshot or backup",
    fix="set storage_encrypted=True (this replaces the instance: restore an encrypted copy).",
)
def rds_storage_encrypted(props: Props) -> Findings:
    """A database stores its data, backups and snapshots encrypted."""
    # A replica takes this from its source.
    if not props.get("replicateSourceDb") and props.get("storageEncrypted") is not True:
        yield "The instance stores its data unencrypted."
