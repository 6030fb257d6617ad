from pulumi_policy import ResourceValidationArgs

from policies.kinds import BACKUP_VAULT
from policies.rule import Findings, Severity, options_rule


@options_rule(
    "backup-vault-protected",
    on=BACKUP_VAULT,
    severity=Severity.HIGH,
    protects_from="the loss of all backups by a destroy, a rename or a replacing change",
    fix="pass ResourceOptions(protect=True).",
    only_in_production=True,
)
def backup_vault_protected(resource: ResourceValidationArgs) -> Findings:
    """A production vault cannot be deleted by mistake through Pulumi."""
    if not resource.opts.protect:
        yield "The vault is not protected."
