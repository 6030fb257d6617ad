"""A version of an application on all its hosts, one after the other, or on none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from hosts.configuration import HostConfiguration
from hosts.connection import Connection, run_on
from hosts.programs import DIRECTORY
from hosts.script import COMMAND, LAST_LINE
from hosts.steps import words


@dataclass(frozen=True, kw_only=True)
class ReleasedHost:
    """A host that serves the application, or the operations instance that migrates for it."""

    connection: Connection
    instance_id: pulumi.Input[str]
    configuration: HostConfiguration


@dataclass(frozen=True, kw_only=True)
class ReleaseArgs:
    application: str
    version: str
    hosts: Mapping[str, ReleasedHost]
    """In the order in which they change."""
    migration: ReleasedHost | None
    """The operations instance, where the version brings the database along."""
    after: Sequence[pulumi.Resource] = ()
    """What is there before a host changes: users of databases, for one."""
    seconds_per_host: int
    """At most: leaving rotation, starting, becoming healthy, coming back; or going back again."""
    publishing: ReleasedHost | None = None
    """The operations instance, where the CDN serves a site of the application."""


class Release(pulumi.ComponentResource):
    """Staged everywhere, migrated once, changed one by one, published to the CDN, then confirmed.

    A host whose new version does not become healthy goes back and fails the run. The hosts before
    it then never hear a confirmation, and go back by themselves: so the old version serves on all
    of them, whoever is still there to look after it.
    """

    migrated: list[pulumi.Resource]
    """After these, the database is as the version wants it."""

    def __init__(
        self, name: str, args: ReleaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:hosts:Release", name, None, opts)
        # Long enough for all hosts after the first, and for the confirmations to come round.
        patience = args.seconds_per_host * max(1, len(args.hosts)) + 120

        def run(
            key: str, host: ReleasedHost, action: str, *after: pulumi.Resource
        ) -> pulumi.Resource:
            return run_on(
                f"{name}-{action}-{key}",
                connection=host.connection,
                instance_id=host.instance_id,
                script=host.configuration.digest.apply(
                    lambda digest: release_script(
                        args.application, args.version, action, patience, digest
                    )
                ),
                runner=COMMAND,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[host.configuration, *after]),
            )

        ready = [run(key, host, "stage") for key, host in args.hosts.items()]
        if args.migration is not None:
            ready = [run("operations", args.migration, "migrate", *ready)]
        self.migrated = ready
        ready = [*ready, *args.after]
        for key, host in args.hosts.items():
            ready = [run(key, host, "switch", *ready)]
        if args.publishing is not None:
            ready = [run("operations", args.publishing, "publish", *ready)]
        for key, host in args.hosts.items():
            ready = [run(key, host, "confirm", *ready)]
        self.register_outputs({"version": args.version})


def release_script(
    application: str, version: str, action: str, patience: int, configuration: str
) -> str:
    """One action of the host's own release program.

    The configuration's digest makes it another script whenever the host was told something new:
    then it runs again, and pays what that owes. Staging is only about the version.
    """
    command = words(f"{DIRECTORY}/release", action, application, version, "--patience", patience)
    tied = "" if action in ("stage", "migrate", "publish") else f"# configuration {configuration}\n"
    return f"{tied}exec {command}\n{LAST_LINE}\n"
