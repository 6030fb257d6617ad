from pulumi_policy import PolicyResource

from policies.kinds import SECRET, SECRET_ROTATION
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "secretsmanager-rotates",
    on=SECRET,
    severity=Severity.MEDIUM,
    controls=("FSBP SecretsManager.1",),
    protects_from="a leaked secret that works for ever",
    fix="add a SecretRotation for the secret.",
    off_because=(
        "no secret is changed without its consumers being restarted, which a rotation "
        "function cannot do"
    ),
)
def secretsmanager_rotates(secret: PolicyResource, stack: Stack) -> Findings:
    """A secret is changed automatically."""
    if not stack.pointing_at(secret, SECRET_ROTATION, by="secretId"):
        yield "The secret is never changed by itself."
