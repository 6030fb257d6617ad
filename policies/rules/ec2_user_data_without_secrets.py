import base64

from policies.inputs import text
from policies.kinds import INSTANCE, LAUNCH_CONFIGURATION, LAUNCH_TEMPLATE
from policies.rule import Findings, Props, Severity, resource_rule
from policies.secret_text import secret_in


@resource_rule(
    "ec2-user-data-without-secrets",
    on=(*INSTANCE, *LAUNCH_TEMPLATE, *LAUNCH_CONFIGURATION),
    severity=Severity.CRITICAL,
    protects_from="secrets read by every process of the host, and by all who may describe it",
    fix="let the host fetch the secret with its role when it starts.",
)
def ec2_user_data_without_secrets(props: Props) -> Findings:
    """User data holds no secret."""
    for key in ("userData", "userDataBase64"):
        found = secret_in(_plain(text(props, key)))
        if found:
            yield f"The user data holds {found}."


def _plain(data: str) -> str:
    """The text behind base64, or the text as it is."""
    try:
        return base64.b64decode(data, validate=True).decode()
    except ValueError:
        return data
