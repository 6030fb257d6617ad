from policies.inputs import text
from policies.kinds import BACKUP_VAULT
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "backup-vault-encrypted",
    on=BACKUP_VAULT,
    severity=Severity.MEDIUM,
    controls=("FSBP Backup.1",),
    protects_from="backups readable to whoever may read the vault, with no key to revoke",
    fix="set kms_key_arn.",
)
def backup_vault_encrypted(props: Props) -> Findings:
    """Backups are encrypted with a key of one's own."""
    if not text(props, "kmsKeyArn"):
        yield "The vault is encrypted with a key of AWS."
