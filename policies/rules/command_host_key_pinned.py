from policies.inputs import block
from policies.kinds import REMOTE_COMMAND, REMOTE_COPY
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "command-host-key-pinned",
    on=(*REMOTE_COMMAND, *REMOTE_COPY),
    severity=Severity.HIGH,
    protects_from="a stranger's machine answering in the host's place and taking the script",
    fix="set host_key in the connection, and in its proxy.",
)
def command_host_key_pinned(props: Props) -> Findings:
    """A remote command knows the key of the host it speaks to, and of the jump host."""
    connection = block(props, "connection")
    if not connection.get("hostKey"):
        yield "The connection takes whatever host key it is shown."
    proxy = block(connection, "proxy")
    if proxy and not proxy.get("hostKey"):
        yield "The connection to the jump host takes whatever host key it is shown."
