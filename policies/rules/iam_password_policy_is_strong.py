from policies.inputs import number, yes
from policies.kinds import PASSWORD_POLICY
from policies.rule import Findings, Props, Severity, resource_rule

KINDS = (
    "requireLowercaseCharacters",
    "requireUppercaseCharacters",
    "requireNumbers",
    "requireSymbols",
)


@resource_rule(
    "iam-password-policy-is-strong",
    on=PASSWORD_POLICY,
    severity=Severity.MEDIUM,
    controls=(
        "FSBP IAM.7",
        "FSBP IAM.10",
        "CIS-5.0 1.7",
        "CIS-5.0 1.8",
        "CIS-7.0 2.8",
        "CIS-7.0 2.9",
    ),
    protects_from="guessed and reused passwords",
    fix="set a length of 14, all four kinds of characters, and 24 remembered passwords.",
)
def iam_password_policy_is_strong(props: Props) -> Findings:
    """Passwords of users are long, mixed and not reused."""
    if number(props, "minimumPasswordLength") < 14:
        yield "Passwords may be shorter than 14 characters."
    if number(props, "passwordReusePrevention") < 24:
        yield "Old passwords may be used again."
    for key in KINDS:
        if not yes(props, key):
            yield f"The policy has {key} off."
