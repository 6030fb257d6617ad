from policies.kinds import BACKUP_VAULT_POLICY
from policies.policy_checks import open_to_anyone
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "backup-vault-policy-not-public",
    on=BACKUP_VAULT_POLICY,
    severity=Severity.CRITICAL,
    controls=("CIS-7.0 2.21",),
    protects_from="anyone copying or deleting backups",
    fix="name the accounts, or set a condition on the organization.",
)
def backup_vault_policy_not_public(props: Props) -> Findings:
    """No vault is open to every AWS account."""
    if open_to_anyone(props.get("policy")):
        yield "The vault's policy allows everyone."
