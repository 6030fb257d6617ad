from policies.kinds import PERMISSIONS
from policies.policy_checks import granted, matches
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "iam-decrypts-named-keys",
    on=PERMISSIONS,
    severity=Severity.MEDIUM,
    controls=(
        "FSBP KMS.1",
        "FSBP KMS.2",
    ),
    protects_from="one role reading whatever is encrypted in the account",
    fix="name the keys.",
)
def iam_decrypts_named_keys(props: Props) -> Findings:
    """No policy decrypts with every key."""
    for statement in granted(props):
        decrypts = any(
            matches(action, "kms:Decrypt", "kms:ReEncryptFrom") for action in statement.actions
        )
        every = any(
            resource == "*" or resource.endswith(":key/*") for resource in statement.resources
        )
        if decrypts and every and not statement.condition:
            yield "The policy decrypts with every key of the account."
