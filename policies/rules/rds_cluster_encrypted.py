from policies.inputs import yes
from policies.kinds import DATABASE_CLUSTER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-cluster-encrypted",
    on=DATABASE_CLUSTER,
    severity=Severity.HIGH,
    controls=("FSBP RDS.27", "FSBP RDS.4"),
    protects_from="data read from a copied volume, snapshot or backup",
    fix="set storage_encrypted=True (this replaces the cluster: restore an encrypted copy).",
)
def rds_cluster_encrypted(props: Props) -> Findings:
    """A database cluster stores its data, backups and snapshots encrypted."""
    if not yes(props, "storageEncrypted"):
        yield "The cluster stores its data unencrypted."
