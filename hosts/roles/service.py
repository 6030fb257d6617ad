"""What every service of an application has on a host, whatever runs it: a user of its own,
a place in the release, its variables, and its secrets in files that only memory holds."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hosts.programs import DIRECTORY
from hosts.roles.nginx import current
from hosts.steps import Directory, Ensure, File, Owed, Role, Running, Step, User, restart, words
from hosts.unit import ServiceUnit, environment_file, user_name

COLOUR = "@COLOUR@"
"""Stands for the port of a colour, until the unit file says it in systemd's words."""

STOPPED = "/var/lib/groundwork/stopped"
"""While STOPPED/APPLICATION exists, nothing of it starts on this host, not even at a reboot."""

VERSION = "@VERSION@"
"""Stands for the version of a release that a unit is started for."""


@dataclass(frozen=True, kw_only=True)
class SecretSource:
    """Where a value is fetched from when the service starts; the value itself is never ours."""

    arn: str
    field: str = ""
    """Of the JSON that the secret holds; empty: the whole value."""
    file: str = ""
    """Kept as a file of this name; the variable holds its path (certificates, keys)."""
    generation: str = ""
    """Another text once it has been rotated: then the service is owed a restart."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """One process, or group of like processes, of an application."""

    application: str
    name: str
    environment: Mapping[str, str]
    secrets: Mapping[str, SecretSource] = field(default_factory=dict[str, SecretSource])
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """Name → text of what it reads beside its variables, in its configuration directory."""
    writable: tuple[str, ...] = ()
    """Directories that it may write to; everything else is read-only to it."""
    memory_limit: str | None = None
    start_seconds: int = 60
    stop_seconds: int = 30
    part: str | None = None
    """Its part of the release; its own name where nothing is given."""
    colours: tuple[int, int] | None = None
    """Two ports, of which one serves while a new version becomes healthy on the other."""
    port_variable: str = "PORT"
    """The variable by which it is told its colour's port."""

    @property
    def key(self) -> str:
        return f"{self.application}-{self.name}"

    @property
    def unit(self) -> str:
        """With two colours the template of both."""
        return f"{self.key}{'@' if self.colours else ''}.service"

    @property
    def user(self) -> str:
        return user_name(self.key)

    @property
    def directory(self) -> str:
        """Its part of the release that serves, or that its colour has."""
        if self.colours:
            return f"/srv/{self.application}/colours/{self.name}-{COLOUR}/{self.part or self.name}"
        return f"{current(self.application)}/{self.part or self.name}"

    @property
    def configuration(self) -> str:
        return f"/etc/groundwork/{self.key}"

    @property
    def secrets_directory(self) -> str:
        return f"/run/groundwork/{self.key}"

    @property
    def fetch_secrets(self) -> tuple[str, ...]:
        """The command that brings its secrets, as root."""
        if not self.secrets:
            return ()
        return (f"{DIRECTORY}/cloud", "fetch-secrets", f"{self.configuration}/secrets.json")

    def environment_text(self) -> str:
        """Its variables as a file; a port that its colour decides is not among them."""
        told = dict(self.environment)
        if self.colours:
            told.pop(self.port_variable, None)
        return environment_file(told)

    def secrets_specification(self) -> str:
        """What the fetching program is told: names and places, no value."""

        def place(source: SecretSource) -> dict[str, str]:
            field = {"field": source.field} if source.field else {}
            name = {"name": source.file} if source.file else {}
            generation = {"generation": source.generation} if source.generation else {}
            return {"arn": source.arn, **field, **name, **generation}

        sources = sorted(self.secrets.items())
        specification = {
            "user": self.user,
            "directory": self.secrets_directory,
            "variables": {name: place(source) for name, source in sources if not source.file},
            "files": {name: place(source) for name, source in sources if source.file},
        }
        return json.dumps(specification, indent=2) + "\n"

    def unit_file(self, *, start: tuple[str, ...], **facts: object) -> ServiceUnit:
        """Its unit; `facts` are what the kind of runtime knows better than the default."""
        return ServiceUnit(
            **{
                "name": self.key,
                "description": f"{self.application}: {self.name}",
                "user": self.user,
                "directory": self.directory,
                "start": start,
                "environment": {self.port_variable: COLOUR} if self.colours else {},
                "environment_files": (
                    f"{self.configuration}/environment",
                    *((f"{self.secrets_directory}/environment",) if self.secrets else ()),
                ),
                "before_start": self.fetch_secrets,
                "needs": (self.directory, f"!{STOPPED}/{self.application}"),
                "writable": self.writable,
                "memory_limit": self.memory_limit,
                "start_seconds": self.start_seconds,
                "stop_seconds": self.stop_seconds,
                **facts,
            }  # pyright: ignore[reportArgumentType]
        )

    def command_unit(
        self, *, start: tuple[str, ...], longest_seconds: int, **facts: object
    ) -> ServiceUnit:
        """The unit of a command that ends by itself, and that nothing starts at boot."""
        return self.unit_file(
            start=start,
            kind="oneshot",
            restart="no",
            start_seconds=longest_seconds,
            at_boot=False,
            **facts,
        )


def told(service: Service, *, owes: tuple[Owed, ...] = ()) -> tuple[Step, ...]:
    """Its variables, and where its secrets are fetched."""
    return (
        Directory(service.configuration),
        File(
            f"{service.configuration}/environment",
            service.environment_text(),
            mode="0640",
            group=service.user,
            owes=owes,
        ),
        *(
            [
                File(
                    f"{service.configuration}/secrets.json",
                    service.secrets_specification(),
                    owes=owes,
                )
            ]
            if service.secrets
            else []
        ),
    )


def command_role(
    service: Service,
    units: Mapping[str, ServiceUnit],
    *,
    configure: tuple[Step, ...] = (),
    activate: tuple[Step, ...] = (),
) -> Role:
    """What runs now and then and ends: units by file name, started by a clock or by a program."""
    return Role(
        name=service.key,
        configure=(
            User(service.user, home=f"/var/lib/{service.key}"),
            *told(service),
            *(
                File(f"/etc/systemd/system/{name}", unit.text().replace(VERSION, "%i"))
                for name, unit in units.items()
            ),
            *configure,
        ),
        activate=activate,
    )


def service_role(
    service: Service,
    unit: ServiceUnit,
    *,
    install: tuple[Step, ...],
    configure: tuple[Step, ...] = (),
    debt: Callable[[str, str], Owed] = restart,
) -> Role:
    """The files around a unit. What a change of variables or secrets owes is `debt`; a changed
    unit is always a restart. The release pays either."""
    owed = (debt(service.application, service.unit),)
    return Role(
        name=service.key,
        install=install,
        configure=(
            User(service.user, home=f"/var/lib/{service.key}"),
            Directory(f"/srv/{service.application}"),
            Directory(f"/srv/{service.application}/releases"),
            *(
                Directory(path, mode="0750", owner=service.user, group=service.user)
                for path in service.writable
            ),
            *told(service, owes=owed),
            *(
                File(
                    f"{service.configuration}/{name}",
                    text,
                    mode="0640",
                    group=service.user,
                    owes=owed,
                )
                for name, text in sorted(service.files.items())
            ),
            *configure,
            File(
                f"/etc/systemd/system/{service.unit}",
                unit.text().replace(COLOUR, "%i"),
                owes=(restart(service.application, service.unit),),
            ),
        ),
        # Before the first release its condition rules it out; later this mends a stopped one.
        activate=(
            Ensure(
                f"running {service.key} in the colour that answers",
                words("runs_in_live_colour", service.key, service.application),
                words("run_in_live_colour", service.key),
            )
            if service.colours
            else Running(service.unit),
        ),
    )
