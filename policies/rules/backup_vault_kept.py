from policies.inputs import yes
from policies.kinds import BACKUP_VAULT
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "backup-vault-kept",
    on=BACKUP_VAULT,
    severity=Severity.HIGH,
    protects_from="the loss of all backups by a rename or a destroy",
    fix="leave force_destroy off.",
    only_in_production=True,
)
def backup_vault_kept(props: Props) -> Findings:
    """A production vault with backups in it cannot be deleted."""
    if yes(props, "forceDestroy"):
        yield "Deleting the vault deletes its backups."
