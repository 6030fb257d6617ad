from policies.inputs import yes
from policies.kinds import REPLICATION_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "elasticache-encrypted-at-rest",
    on=REPLICATION_GROUP,
    severity=Severity.HIGH,
    controls=("FSBP ElastiCache.4",),
    protects_from="sessions read from a copied disk or backup",
    fix="set at_rest_encryption_enabled=True (this replaces the cache).",
)
def elasticache_encrypted_at_rest(props: Props) -> Findings:
    """A cache stores its data encrypted."""
    if not yes(props, "atRestEncryptionEnabled"):
        yield "The cache stores its data unencrypted."
