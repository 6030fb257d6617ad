"""What a check says, and what checks are."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from settings.application import Application
from settings.problem import shown
from settings.tree import Settings

Fault = tuple[str, str, str]
"""Key, value and what is allowed."""

ApplicationCheck = Callable[[Application], Iterable[Fault]]
StackCheck = Callable[[Settings], Iterable[Fault]]


def must_be_known(key: str, name: str, known: Mapping[str, object], what: str) -> Iterator[Fault]:
    """Nothing where a name is among those that are there."""
    if name not in known:
        yield key, shown(name), f"{what} are {', '.join(known) or 'none'}"
