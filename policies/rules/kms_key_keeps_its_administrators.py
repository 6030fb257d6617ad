from policies.inputs import yes
from policies.kinds import KMS_KEY, KMS_KEY_POLICY
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "kms-key-keeps-its-administrators",
    on=(*KMS_KEY, *KMS_KEY_POLICY),
    severity=Severity.HIGH,
    protects_from="a key that no one can manage, and data that no one can read, ever again",
    fix="leave the safety check on.",
)
def kms_key_keeps_its_administrators(props: Props) -> Findings:
    """A key's policy is checked for locking everyone out."""
    if yes(props, "bypassPolicyLockoutSafetyCheck"):
        yield "The check is switched off."
