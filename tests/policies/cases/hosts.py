"""Remote and local commands."""

from policies.rules.command_host_key_pinned import command_host_key_pinned
from policies.testing import Declared
from tests.policies.table import ABSENT, Case, unknown

COMMAND = Declared(
    "command:remote:Command",
    {
        "connection": {
            "host": "10.0.0.10",
            "user": "deploy",
            "hostKey": "ssh-ed25519 AAAA",
            "proxy": {"host": "203.0.113.10", "hostKey": "ssh-ed25519 BBBB"},
        },
        "create": "sudo bash -s",
        "stdin": "echo hello\n",
    },
)

CASES = [
    Case(
        command_host_key_pinned,
        [COMMAND],
        refused=[
            {"connection.hostKey": ABSENT},
            {"connection.proxy.hostKey": ABSENT},
            {"connection": ABSENT},
        ],
        unknown=unknown("connection.hostKey"),
        allowed=[{"connection.proxy": ABSENT}],
    ),
]
