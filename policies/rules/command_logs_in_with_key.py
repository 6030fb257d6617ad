from policies.inputs import block, text
from policies.kinds import REMOTE_COMMAND, REMOTE_COPY
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "command-logs-in-with-key",
    on=(*REMOTE_COMMAND, *REMOTE_COPY),
    severity=Severity.HIGH,
    protects_from="guessed and reused passwords of hosts",
    fix="set private_key or agent_socket_path, and forbid passwords in sshd.",
)
def command_logs_in_with_key(props: Props) -> Findings:
    """Hosts are reached with a key, never with a password."""
    connection = block(props, "connection")
    for hop in (connection, block(connection, "proxy")):
        if hop.get("password"):
            yield f"{text(hop, 'host')} is reached with a password."
