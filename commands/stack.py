"""One stack, as the commands work on it: its settings, its engine, its cloud."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from commands.cloud import Cloud
from commands.engine import Engine, engine
from commands.error import CommandError
from commands.stack_file import StackFile
from settings import load
from settings.application import Application
from settings.problem import SettingsError
from settings.stack import VERSION, HostsPlacement
from settings.stack import Stack as StackSettings
from settings.tree import Settings


@dataclass(frozen=True)
class Stack:
    """Each part is looked up when it is first asked for."""

    name: str
    root: Path = load.ROOT
    """Where its file is, beside those of the applications."""

    @cached_property
    def settings(self) -> StackSettings:
        """As Pulumi.NAME.yaml has them now; its secrets are not in it. CommandError for a fault."""
        with _faults_said():
            return load.stack(self.name, load.stack_configuration(self.name, self.root))

    @cached_property
    def tree(self) -> Settings:
        """The same, with its applications; CommandError where one of their files has a fault."""
        with _faults_said():
            return load.without_secrets(
                self.name, load.stack_configuration(self.name, self.root), self.root
            )

    @property
    def file(self) -> StackFile:
        return StackFile(self.root / f"Pulumi.{self.name}.yaml")

    def application(self, name: str) -> Application:
        """As its file has it; CommandError where the stack has none of that name."""
        known = self.tree.applications
        if name not in known:
            raise CommandError(
                f"{self.name} has no application {name}.", f"It has {', '.join(known) or 'none'}."
            )
        return known[name]

    def services(self, application: str, chosen: str | None = None) -> list[str]:
        """All of an application's, or the one that a person chose."""
        known = list(self.application(application).services)
        if chosen is None:
            return known
        if chosen not in known:
            raise CommandError(
                f"{application} has no service {chosen}.", f"It has {', '.join(known) or 'none'}."
            )
        return [chosen]

    def parts(self, application: str) -> dict[str, str]:
        """What a version of an application consists of, and how each part is packed."""
        self.application(application)
        parts: dict[str, str] = {**self.tree.artifacts(application)}
        if not parts:
            raise CommandError(
                f"{application} on {self.name} runs images that are named in its placement.",
                f"Change them there, and: make deploy STACK={self.name}",
            )
        return parts

    def pools_of(self, application: str) -> set[str]:
        """The pools of hosts that an application is on; none of them on ECS."""
        placement = self.tree.placed(application).placement
        return set(placement.pools.values()) if isinstance(placement, HostsPlacement) else set()

    def check_version(self, version: str) -> None:
        if not re.fullmatch(VERSION, version):
            raise CommandError(
                f"{version!r} is no version.",
                "A version is letters, digits, dots, dashes and underscores, 64 at most: 1.4.2",
            )

    @cached_property
    def engine(self) -> Engine:
        return engine(self.name)

    @cached_property
    def cloud(self) -> Cloud:
        return Cloud(self.settings.region)


def stack(name: str, root: Path = load.ROOT) -> Stack:
    """The stack of that name; its file is read, so that a fault is said before anything is done."""
    known = load.stacks(root)
    if name not in known:
        raise CommandError(
            f"There is no stack {name}: Pulumi.{name}.yaml does not exist.",
            f"Stacks are {', '.join(known) or 'none yet'}.",
        )
    found = Stack(name, root)
    _ = found.settings
    return found


@contextmanager
def _faults_said() -> Generator[None]:
    try:
        yield
    except SettingsError as error:
        raise CommandError(str(error), "Nothing has been touched.") from None
