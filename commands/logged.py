"""Lines of logs: where they come from, and the order in which they were written."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Protocol

# As journalctl says it (short-iso).
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:?\d\d\b")


class Logs(Protocol):
    """Each line says first where it is from: `web-a1  2026-11-26T17:00:00+00:00 …`."""

    def newest(self, lines: int) -> Iterable[str]:
        """So many of each source, one source after the other."""
        ...

    def coming(self, lines: int) -> Iterator[str]:
        """The same, and then those that come, without end."""
        ...


def in_order(lines: Iterable[str]) -> list[str]:
    """By time; what has none of its own belongs to the line before it."""
    dated: list[tuple[datetime, str]] = []
    last = datetime.min.replace(tzinfo=UTC)
    for line in lines:
        last = written_at(line.partition("  ")[2]) or last
        dated.append((last, line))
    return [line for _, line in sorted(dated, key=lambda one: one[0])]


def written_at(line: str) -> datetime | None:
    found = TIME.match(line)
    return datetime.fromisoformat(found[0]) if found else None
