from policies.inputs import text
from policies.kinds import PARAMETER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ssm-secure-strings-own-key",
    on=PARAMETER,
    severity=Severity.LOW,
    protects_from="secrets readable to whoever may read parameters, with no key to revoke",
    fix="set key_id to the stack's key.",
)
def ssm_secure_strings_own_key(props: Props) -> Findings:
    """A secure parameter is encrypted with a key of one's own."""
    if props.get("type") == "SecureString" and text(props, "keyId") in ("", "alias/aws/ssm"):
        yield "The parameter is encrypted with a key of AWS."
