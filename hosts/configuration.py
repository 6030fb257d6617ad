"""A host with everything on it that its roles ask for."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from hosts.connection import Connection, run_on
from hosts.script import COMMAND, render
from hosts.steps import Role


@dataclass(frozen=True, kw_only=True)
class HostConfigurationArgs:
    connection: Connection
    instance_id: pulumi.Input[str]
    facts: Mapping[str, pulumi.Input[Any]]
    """What is known only once other resources exist: addresses, ARNs."""
    roles: Callable[[Mapping[str, Any]], Sequence[Role]]
    """What the host shall be, once the facts are known; nothing in it is secret."""


class HostConfiguration(pulumi.ComponentResource):
    """Side by side with its siblings, for it restarts no application: what a change owes is left
    on the host, and paid by the release."""

    digest: pulumi.Output[str]
    """Of everything the host was told; a release that takes it in runs again when it changes."""
    report: pulumi.Output[str]
    """One line a change; none where nothing was to do."""

    def __init__(
        self, name: str, args: HostConfigurationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:hosts:HostConfiguration", name, None, opts)
        script = pulumi.Output.all(**args.facts).apply(
            lambda facts: render(args.roles(facts), configuration=name)
        )
        run = run_on(
            name,
            connection=args.connection,
            instance_id=args.instance_id,
            script=script,
            runner=COMMAND,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.digest = script.apply(lambda text: hashlib.sha256(text.encode()).hexdigest())
        self.report = run.stdout
        self.register_outputs({"digest": self.digest})
