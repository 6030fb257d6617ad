from policies.inputs import block, text
from policies.kinds import LOCAL_COMMAND, REMOTE_COMMAND
from policies.rule import Findings, Props, Severity, resource_rule
from policies.secret_text import is_reference, named_like_secret, secret_in


@resource_rule(
    "command-no-secret-in-environment",
    on=(*REMOTE_COMMAND, *LOCAL_COMMAND),
    severity=Severity.HIGH,
    protects_from="secrets shown in process lists and kept in the state",
    fix="let the host fetch the secret with its role when the service starts.",
)
def command_no_secret_in_environment(props: Props) -> Findings:
    """No command gets a secret in its environment."""
    environment = block(props, "environment")
    for name in environment:
        value = text(environment, name)
        if (named_like_secret(name) and not is_reference(value)) or secret_in(value):
            yield f"{name} is given in the environment."
