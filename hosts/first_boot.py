"""What a machine does by itself at its first boot: it tells the world its SSH key, once."""

from hosts.programs import DIRECTORY, source

KEY = "/etc/ssh/ssh_host_ed25519_key"

_USER_DATA = """\
#!/bin/bash
# Publishes the public half of this machine's SSH host key, so that nobody has to trust it unseen.
set -euo pipefail
mkdir -p {directory}
cat >{directory}/cloud <<'END OF PROGRAM'
{program}END OF PROGRAM
chmod 0755 {directory}/cloud
[ -e {key} ] || ssh-keygen -q -t ed25519 -N '' -f {key}
{directory}/cloud publish-host-key {prefix} {key}.pub
"""


def parameter_prefix(stack: str) -> str:
    """Under this path a host may create the parameter that is named like its instance."""
    return f"/groundwork/{stack}/host-keys"


def user_data(stack: str) -> str:
    """Holds nothing secret, and is the same for every host of a stack.

    Only the first boot reads it, so a later change of it is no reason to replace a machine.
    """
    return _USER_DATA.format(
        directory=DIRECTORY,
        key=KEY,
        prefix=parameter_prefix(stack),
        program=source("cloud.py"),
    )
