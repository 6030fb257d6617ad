"""What a machine does by itself at its first boot: it tells the world its SSH key, once."""

import asyncio
import time
from typing import Any

import pulumi
from pulumi.runtime import invoke_async

from hosts.programs import DIRECTORY, source

SECONDS_TO_WAIT = 600
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


def published_key(
    stack: str, instance_id: pulumi.Output[str], opts: pulumi.InvokeOptions
) -> pulumi.Output[str]:
    """The host key of an instance, as it published it itself; waits until it has."""
    prefix = parameter_prefix(stack)
    return instance_id.apply(lambda known: _wait_for(f"{prefix}/{known}", opts))


async def _wait_for(parameter: str, opts: pulumi.InvokeOptions) -> str:
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while True:
        try:
            found: Any = await invoke_async(
                "aws:ssm/getParameter:getParameter", {"name": parameter}, opts
            )
            return str(found["value"])
        except Exception as problem:  # what a missing parameter is depends on the engine
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"{parameter} has not appeared within {SECONDS_TO_WAIT} s: the machine has "
                    "not finished its first boot, or may not write the parameter. Its console "
                    f"output says which. ({type(problem).__name__})"
                ) from None
            await asyncio.sleep(3)
