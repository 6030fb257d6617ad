"""How a host is reached: by its pinned key, through the operations instance."""

from dataclasses import dataclass

import pulumi
import pulumi_command as command

# A machine that has published its key listens; what is left is a busy network.
DIALS = 20
SECONDS_PER_DIAL = 15


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
