"""`python -m localcloud.standins.command ENGINE`."""

from localcloud.standins.command.local import LocalCommand, run_function
from localcloud.standins.command.remote import CopyToRemote, RemoteCommand
from localcloud.standins.provider import run

VERSION = "1.2.1"

if __name__ == "__main__":
    run(
        "command",
        VERSION,
        {
            "command:local:Command": LocalCommand,
            "command:remote:Command": RemoteCommand,
            "command:remote:CopyToRemote": CopyToRemote,
        },
        {"command:local:run": run_function},
    )
