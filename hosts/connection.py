"""How a host is reached: by its pinned key, through the operations instance."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_command as command
from pulumi.runtime import invoke_async

from hosts import port_forward
from hosts.first_boot import parameter_prefix

# A machine that has published its key listens; what is left is a busy network.
DIALS = 20
SECONDS_PER_DIAL = 15
SECONDS_TO_WAIT = 600  # for a machine that has not finished its first boot


@dataclass(frozen=True, kw_only=True)
class JumpHost:
    """The operations instance, as whoever runs the program sees it."""

    address: pulumi.Input[str]
    host_key: pulumi.Input[str]
    port: int = 22


@dataclass(frozen=True, kw_only=True)
class Connection:
    address: pulumi.Input[str]
    host_key: pulumi.Input[str]
    """Its public key, as it published it itself; any other is refused."""
    user: str
    private_key: pulumi.Input[str]
    """The deploy key: secret configuration, known to whoever runs the program alone."""
    jump_host: JumpHost | None = None
    port: int = 22

    def arguments(self) -> command.remote.ConnectionArgs:
        private_key = pulumi.Output.secret(self.private_key)
        proxy = None
        if self.jump_host is not None:
            proxy = command.remote.ProxyConnectionArgs(
                host=self.jump_host.address,
                port=self.jump_host.port,
                user=self.user,
                host_key=self.jump_host.host_key,
                private_key=private_key,
                dial_error_limit=DIALS,
                per_dial_timeout=SECONDS_PER_DIAL,
            )
        return command.remote.ConnectionArgs(
            host=self.address,
            port=self.port,
            user=self.user,
            host_key=self.host_key,
            private_key=private_key,
            proxy=proxy,
            dial_error_limit=DIALS,
            per_dial_timeout=SECONDS_PER_DIAL,
        )


def run_on(
    name: str,
    *,
    connection: Connection,
    instance_id: pulumi.Input[str],
    script: pulumi.Input[str],
    runner: str,
    opts: pulumi.ResourceOptions,
) -> command.remote.Command:
    """A script that a host runs when it is new, and again whenever the script has changed."""
    return command.remote.Command(
        name,
        connection=connection.arguments(),
        # The script travels by stdin: a failing command prints its own text, never its input.
        create=runner,
        stdin=script,
        # A trigger always replaces, so it holds only what makes this another host.
        triggers=[instance_id],
        add_previous_output_in_env=False,
        opts=opts,
    )


def forwarded_port(
    instance_id: pulumi.Output[str], region: str, *, after: pulumi.Output[str]
) -> tuple[pulumi.Output[str], int]:
    """Address and port of this machine that lead to the instance's port 22.

    after: what is known once the instance has booted, and its agent with it.
    A preview opens nothing: it connects to nobody.
    """
    if pulumi.runtime.is_dry_run():
        return pulumi.Output.from_input(port_forward.LOOPBACK), port_forward.PORT
    opened = pulumi.Output.all(instance_id, after).apply(
        lambda known: port_forward.open_way(known[0], region)
    )
    return opened, port_forward.PORT


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
