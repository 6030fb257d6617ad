from policies.inputs import yes
from policies.kinds import REPLICATION_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "elasticache-encrypted-in-transit",
    on=REPLICATION_GROUP,
    severity=Severity.HIGH,
    controls=("FSBP ElastiCache.5",),
    protects_from="passwords and sessions read on the network",
    fix='set transit_encryption_enabled=True, and transit_encryption_mode="required".',
)
def elasticache_encrypted_in_transit(props: Props) -> Findings:
    """A cache speaks TLS and nothing else."""
    if not yes(props, "transitEncryptionEnabled"):
        yield "The cache speaks plain text."
    elif props.get("transitEncryptionMode") == "preferred":
        yield "The cache speaks plain text to those who ask for it."
