"""What is wrong with a settings file, said so that its writer can mend it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, order=True)
class Problem:
    """One fault: where it stands, what stands there, and what may stand there."""

    file: str
    key: str
    value: str
    allowed: str

    def __str__(self) -> str:
        found = f" is {self.value}" if self.value else ""
        return f"{self.file}: {self.key}{found}; {self.allowed}"


class SettingsError(Exception):
    """Every problem that was found, one a line; no resource has been touched."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        count = len(self.problems)
        head = "1 problem" if count == 1 else f"{count} problems"
        super().__init__("\n".join([f"{head} in the settings:", *map(str, self.problems)]))


def shown(value: object) -> str:
    """A value as its writer would recognise it, cut to a readable length."""
    match value:
        case None:
            return "empty"
        case bool():
            return str(value).lower()
        case str():
            text = '"' + value.replace("\n", "\\n") + '"'
        case _:
            text = str(value)  # pyright: ignore[reportUnknownArgumentType] whatever it is
    return text if len(text) <= 80 else text[:77] + "…"


def outlined(value: object) -> str:
    """The same, and of what is no single value only what it is."""
    if isinstance(value, Mapping):
        return "a group of keys"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    return shown(value)
