from policies.inputs import text
from policies.kinds import SECRET
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "secretsmanager-own-key",
    on=SECRET,
    severity=Severity.MEDIUM,
    protects_from="secrets readable to whoever may read secrets, with no key to revoke",
    fix="set kms_key_id to the stack's key.",
)
def secretsmanager_own_key(props: Props) -> Findings:
    """A secret is encrypted with a key of one's own."""
    if text(props, "kmsKeyId") in ("", "alias/aws/secretsmanager"):
        yield "The secret is encrypted with a key of AWS."
