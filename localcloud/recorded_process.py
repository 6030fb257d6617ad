"""Processes that outlive the control plane, recorded so that the next one finds them again."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from localcloud import whole_file


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_time(pid: int) -> int | None:
    """When a living process began, in ticks after boot; with the pid it names one process."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in "ZX" else int(rest[18])


def children(pid: int) -> list[int]:
    try:
        return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


class Recorded:
    """One background process whose identity lies in a file."""

    def __init__(self, record: Path) -> None:
        self._record = record

    def start(self, command: Sequence[str], output: Path, environment: dict[str, str]) -> None:
        with output.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=environment,
                cwd="/",
            )
        record = {"pid": process.pid, "start": start_time(process.pid), "boot": boot_id()}
        whole_file.write(self._record, json.dumps(record))

    @property
    def pid(self) -> int | None:
        """Its id while it lives."""
        try:
            record = json.loads(self._record.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        alive = record["boot"] == boot_id() and start_time(record["pid"]) == record["start"]
        return record["pid"] if alive and record["start"] is not None else None

    def catches(self, number: int) -> bool:
        """Whether it has said what it does on a signal: until then, most of them end it."""
        try:
            lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            return False
        caught = next(line for line in lines if line.startswith("SigCgt:")).split()[1]
        return bool(int(caught, 16) >> (number - 1) & 1)

    def signal(self, number: int) -> None:
        pid = self.pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def ended(self, within: float) -> bool:
        """Wait for its end."""
        deadline = time.monotonic() + within
        while self.pid is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def stop(self, within: float = 10) -> None:
        self.signal(signal.SIGTERM)
        if not self.ended(within):
            self.signal(signal.SIGKILL)
            self.ended(within)
        self._record.unlink(missing_ok=True)
