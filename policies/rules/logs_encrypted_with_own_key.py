from policies.inputs import text
from policies.kinds import LOG_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "logs-encrypted-with-own-key",
    on=LOG_GROUP,
    severity=Severity.LOW,
    protects_from="logs readable to whoever may read logs, with no key to revoke",
    fix="set kms_key_id to the ARN of the stack's key.",
)
def logs_encrypted_with_own_key(props: Props) -> Findings:
    """Logs are encrypted with a key of one's own."""
    if not text(props, "kmsKeyId"):
        yield "The log group is encrypted with a key of AWS."
