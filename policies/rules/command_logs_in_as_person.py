from policies.inputs import block, text
from policies.kinds import REMOTE_COMMAND, REMOTE_COPY
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "command-logs-in-as-person",
    on=(*REMOTE_COMMAND, *REMOTE_COPY),
    severity=Severity.MEDIUM,
    protects_from="a direct way in as root, of which the log does not say who used it",
    fix="set user to an account that may use sudo.",
)
def command_logs_in_as_person(props: Props) -> Findings:
    """Hosts are not entered as root."""
    connection = block(props, "connection")
    if text(connection, "user") in ("", "root"):
        yield "The host is entered as root."
