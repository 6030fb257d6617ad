"""What a person sees: progress while it runs, tables at the end."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from localcloud.engine.run import Finding, Outcome, Step

# A log has no width of its own.
LOG_WIDTH = 120

console = Console(highlight=False, soft_wrap=True)
if not console.is_terminal:
    console = Console(highlight=False, soft_wrap=True, width=LOG_WIDTH)

# On a terminal the line is rewritten; in a log each line stays, so there are few.
REFRESH = 0.5
LOG_INTERVAL = 15.0
SLOWEST = 8
# How the pack says that a rule has to wait for the update.
UNDECIDED = "undecided until the update"
COMPONENT_PREFIX = "groundwork:"
CHANGE_WORDS = {"update": "changed", "replace": "replaced", "delete": "deleted"}
MOST_LISTED = 40


class Timings:
    """How long each part took, in the order they began."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, float]] = []
        self._began = time.monotonic()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.parts.append((name, time.monotonic() - began))

    def add(self, name: str, seconds: float) -> None:
        """A part that ran beside another."""
        self.parts.append((name, seconds))

    @property
    def total(self) -> float:
        return time.monotonic() - self._began


class Progress:
    """One line that says how far a run is."""

    def __init__(self, what: str, expected: int = 0) -> None:
        self._what = what
        self._expected = expected
        self._began = time.monotonic()
        self._last = self._began if not console.is_terminal else 0.0

    def __call__(self, outcome: Outcome) -> None:
        now = time.monotonic()
        if now - self._last < (REFRESH if console.is_terminal else LOG_INTERVAL):
            return
        self._last = now
        self._show(self._line(outcome, now))

    def done(self) -> None:
        if console.is_terminal:
            console.file.write("\r\x1b[K")

    def _line(self, outcome: Outcome, now: float) -> str:
        done = len(outcome.steps)
        of = f" of {self._expected}" if self._expected else ""
        longest = sorted(outcome.under_way.items(), key=lambda item: item[1])[:2]
        waiting = ", ".join(f"{_short(urn)} {now - began:.0f} s" for urn, began in longest)
        under_way = f"; {len(outcome.under_way)} under way: {waiting}" if waiting else ""
        return f"{self._what}: {done}{of} after {now - self._began:.0f} s{under_way}"

    def _show(self, line: str) -> None:
        if console.is_terminal:
            width = max(console.width - 1, 20)
            console.file.write(f"\r\x1b[K{line[:width]}")
            console.file.flush()
        else:
            say(line)


def say(text: str) -> None:
    console.print(text, markup=False)


def show_counts(title: str, counts: Counter[str]) -> None:
    """How many of each kind; components are ours, and no resources of a cloud."""
    table = Table(title=title, title_justify="left")
    table.add_column("kind")
    table.add_column("number", justify="right")
    for kind, number in sorted(counts.items()):
        if not kind.startswith(COMPONENT_PREFIX):
            table.add_row(kind, str(number))
    own = sum(number for kind, number in counts.items() if kind.startswith(COMPONENT_PREFIX))
    table.add_section()
    table.add_row("resources", str(counts.total() - own))
    if own:
        table.add_row("components that group them", str(own))
    console.print(table)


def show_slowest(steps: list[Step]) -> None:
    slow = sorted(steps, key=lambda step: -step.seconds)
    slow = [step for step in slow if not step.kind.startswith(COMPONENT_PREFIX)][:SLOWEST]
    if not slow:
        return
    table = Table(title="Slowest", title_justify="left")
    table.add_column("kind")
    table.add_column("name")
    table.add_column("seconds", justify="right")
    for step in slow:
        table.add_row(step.kind, step.name, f"{step.seconds:.1f}")
    console.print(table)


def show_timings(timings: Timings) -> None:
    table = Table(title="Time", title_justify="left")
    table.add_column("part")
    table.add_column("seconds", justify="right")
    for part, seconds in timings.parts:
        table.add_row(part, f"{seconds:.1f}")
    table.add_section()
    table.add_row("all", f"{timings.total:.1f}")
    console.print(table)


def show_findings(findings: list[Finding]) -> None:
    """What blocks first; what a rule cannot know before the update is only counted."""
    undecided = [finding for finding in findings if UNDECIDED in finding.message]
    decided = [finding for finding in findings if UNDECIDED not in finding.message]
    for finding in sorted(decided, key=lambda finding: (not finding.blocking, finding.rule)):
        level = "blocks" if finding.blocking else "advice"
        say(f"{level}: {finding.rule} on {finding.resource}: {finding.message}")
    waiting = f"; {len(undecided)} judgements wait for values that only `up` knows"
    counted = f"{len(decided)} findings" if decided else "no findings"
    say(f"Policy pack: {counted}{waiting if undecided else ''}.")


def show_errors(outcome: Outcome) -> None:
    for error in outcome.errors:
        console.print(f"error: {error}", markup=False, style="red")


def show_changes(steps: list[Step]) -> None:
    """What was changed or taken away, by name; what is new is counted elsewhere."""
    changed = [step for step in steps if step.operation in CHANGE_WORDS]
    for step in changed[:MOST_LISTED]:
        say(f"{CHANGE_WORDS[step.operation]}: {step.kind} {step.name}")
    if len(changed) > MOST_LISTED:
        say(f"… and {len(changed) - MOST_LISTED} more.")


def _short(urn: str) -> str:
    kind = urn.split("::")[2].rpartition("$")[2]
    return f"{kind.split(':')[1].split('/')[0]}:{kind.rpartition(':')[2]} {urn.rpartition('::')[2]}"
