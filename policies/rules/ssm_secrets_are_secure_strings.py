from policies.inputs import text
from policies.kinds import PARAMETER
from policies.rule import Findings, Props, Severity, resource_rule
from policies.secret_text import named_like_secret, secret_in


@resource_rule(
    "ssm-secrets-are-secure-strings",
    on=PARAMETER,
    severity=Severity.HIGH,
    protects_from="secrets readable to everyone who may read parameters",
    fix='set type="SecureString", or keep it in Secrets Manager.',
)
def ssm_secrets_are_secure_strings(props: Props) -> Findings:
    """No secret is kept in a plain parameter."""
    value = text(props, "value") or text(props, "insecureValue")
    name = text(props, "name").rpartition("/")[2]
    if props.get("type") != "SecureString" and (secret_in(value) or named_like_secret(name)):
        yield f"The parameter {name} is kept in plain text."
