"""Finding and ending the processes that the local cloud started, even after a crash.

Each carries a mark in its environment, which its children inherit; so nothing has to be written
down at the right moment, and no process of anyone else is ever touched.
"""

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MARK = "GROUNDWORK_STARTED_BY"
ROLE = "GROUNDWORK_ROLE"

PROC = Path("/proc")
# Whoever is told to end may have begun to start another, and that one in turn.
ROUNDS = 3
# Until the kernel has laid out what a program was given: a quarter of a second on a busy machine.
LONGEST_TAKEOVER = 5.0
# One that is killed is gone at once, unless the machine stands still: it may wait for its disk.
GONE_WITHIN = 60.0


@dataclass(frozen=True)
class Process:
    """A running process of a home, as it was when it was looked for."""

    pid: int
    role: str
    command: str
    started: str
    """Boot-relative start time: a later process with the same number is another one."""

    def alive(self) -> bool:
        return _start_time(self.pid) == self.started

    def send(self, number: signal.Signals) -> None:
        if self.alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return


def marks(home: Path, role: str) -> dict[str, str]:
    """What goes into the environment of everything started for a home."""
    return {MARK: str(home), ROLE: role}


def started_by(home: Path, roles: Iterable[str] | None = None) -> list[Process]:
    """The living processes of a home and of those inside it, this one and its parents excepted."""
    wanted = None if roles is None else set(roles)
    own = _ancestors()
    found: list[Process] = []
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) in own:
            continue
        try:
            told, given = _told(entry)
            environment = dict(
                pair.split("=", 1)
                for pair in given.decode("utf-8", "replace").split("\0")
                if "=" in pair
            )
            command = told.replace(b"\0", b" ").decode().strip()
        except (OSError, UnicodeDecodeError):
            continue
        started = _start_time(int(entry.name))
        role = environment.get(ROLE, "")
        mark = environment.get(MARK, "")
        ours = mark == str(home) or mark.startswith(f"{home}/")
        if ours and started and (wanted is None or role in wanted):
            found.append(Process(int(entry.name), role, command, started))
    return found


def _told(entry: Path) -> tuple[bytes, bytes]:
    """Arguments and environment. Those of a process that a program has just taken over are waited
    for: until the kernel has laid them out it has neither, and would be missed."""
    deadline = time.monotonic() + LONGEST_TAKEOVER
    while True:
        found = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        if any(found) or not _has_program(entry) or time.monotonic() > deadline:
            return found
        time.sleep(0.001)


def _has_program(entry: Path) -> bool:
    """The kernel's own threads have none, nor has what has ended."""
    try:
        (entry / "exe").readlink()
    except OSError:
        return False
    return True


def end(processes: Iterable[Process], *, grace: float, first: signal.Signals) -> None:
    """Ask, wait, and only then kill."""
    remaining = list(processes)
    for process in remaining:
        process.send(first)
    deadline = time.monotonic() + grace
    while remaining and time.monotonic() < deadline:
        remaining = [process for process in remaining if process.alive()]
        time.sleep(0.05 if remaining else 0)
    for process in remaining:
        process.send(signal.SIGKILL)
    deadline = time.monotonic() + GONE_WITHIN
    while any(process.alive() for process in remaining) and time.monotonic() < deadline:
        time.sleep(0.05)


def end_all(home: Path, *, grace: float, first: signal.Signals) -> list[Process]:
    """As `end`, of a whole home, those that others started on their way out included.

    Returns those that do not end.
    """
    for _ in range(ROUNDS):
        found = started_by(home)
        if not found:
            break
        end(found, grace=grace, first=first)
    return started_by(home)


def alive(pid: int) -> bool:
    return bool(_start_time(pid))


def parent_of(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def _start_time(pid: int) -> str:
    fields = _stat(pid)
    # A zombie holds nothing and waits only for its parent to look; unless a thread of it is left,
    # which may wait for the disk, and holds all that the process had: its port, its locks.
    gone = not fields or (fields[0] == "Z" and int(fields[17]) <= 1)
    return "" if gone else fields[19]


def _stat(pid: int) -> list[str]:
    """The fields after the command's name, which may hold spaces and parentheses."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _ancestors() -> set[int]:
    found: set[int] = set()
    pid: int | None = os.getpid()
    while pid and pid not in found:
        found.add(pid)
        pid = parent_of(pid)
    return found
