"""One stack, as the commands work on it: its settings, its engine, its cloud."""

from dataclasses import dataclass
from functools import cached_property

from commands.cloud import Cloud
from commands.engine import Engine, engine
from commands.error import CommandError
from settings import load
from settings.problem import SettingsError
from settings.stack import Stack as StackSettings


@dataclass(frozen=True)
class Stack:
    """Each part is looked up when it is first asked for."""

    name: str

    @cached_property
    def settings(self) -> StackSettings:
        """As Pulumi.NAME.yaml has them now; its secrets are not in it."""
        return load.stack(self.name, load.stack_configuration(self.name))

    @cached_property
    def engine(self) -> Engine:
        return engine(self.name)

    @cached_property
    def cloud(self) -> Cloud:
        return Cloud(self.settings.region)


def stack(name: str) -> Stack:
    """The stack of that name; its file is read, so that a fault is said before anything is done."""
    known = sorted(
        path.name.removeprefix("Pulumi.").removesuffix(".yaml")
        for path in load.ROOT.glob("Pulumi.*.yaml")
    )
    if name not in known:
        raise CommandError(
            f"There is no stack {name}: Pulumi.{name}.yaml does not exist.",
            f"Stacks are {', '.join(known) or 'none yet'}.",
        )
    found = Stack(name)
    try:
        _ = found.settings
    except SettingsError as error:
        raise CommandError(str(error), "Nothing has been touched.") from None
    return found
