from policies.inputs import text
from policies.kinds import LOCAL_COMMAND, REMOTE_COMMAND
from policies.rule import Findings, Props, Severity, resource_rule
from policies.secret_text import secret_in


@resource_rule(
    "command-no-secret-in-text",
    on=(*REMOTE_COMMAND, *LOCAL_COMMAND),
    severity=Severity.CRITICAL,
    protects_from="secrets printed with every failing command, and kept in the state",
    fix="let the host fetch the secret with its role, or give it by a file of mode 0600.",
)
def command_no_secret_in_text(props: Props) -> Findings:
    """No command or script holds a secret."""
    for key in ("create", "update", "delete", "stdin"):
        found = secret_in(text(props, key))
        if found:
            yield f"{key} holds {found}."
