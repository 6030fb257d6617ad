from policies.kinds import KMS_KEY, KMS_KEY_POLICY
from policies.policy_checks import open_to_anyone
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "kms-key-not-public",
    on=(*KMS_KEY, *KMS_KEY_POLICY),
    severity=Severity.CRITICAL,
    controls=(
        "FSBP KMS.5",
        "CIS-7.0 2.21",
    ),
    protects_from="anyone decrypting what the key protects",
    fix="name the account's root and roles, or set a condition such as kms:CallerAccount.",
)
def kms_key_not_public(props: Props) -> Findings:
    """No key is open to every AWS account."""
    if open_to_anyone(props.get("policy")):
        yield "The key's policy allows everyone."
