"""One run at a time in a home: held by the kernel, so that it is gone when its holder is."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from localcloud import processes
from localcloud.error import LocalCloudError
from localcloud.paths import Paths
from localcloud.report import say

# What an abandoned run has left to do may take this long; it is then told to stop.
PATIENCE = 900.0


@contextmanager
def held(paths: Paths, *, patience: float = PATIENCE) -> Iterator[None]:
    """Nobody else works in this home meanwhile."""
    descriptor = _acquire(paths.lock, time.monotonic() + patience)
    try:
        os.ftruncate(descriptor, 0)
        holder = {"pid": os.getpid(), "starter": os.getppid()}
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _acquire(path: Path, deadline: float) -> int:
    waited_for: set[int] = set()
    while True:
        # The folder is there, and gone again when `mkdir` looks what it is; or the one above it is.
        with suppress(FileExistsError, FileNotFoundError):
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            continue  # a `down` took the folder away just now
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(descriptor)
            os.close(descriptor)
            _wait_for(holder, waited_for, deadline)
            time.sleep(0.2)
            continue
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        os.close(descriptor)  # a `down` took the file away between opening and locking


def _wait_for(holder: dict[str, int], waited_for: set[int], deadline: float) -> None:
    """A run that was abandoned (its terminal or its make is gone) may finish; no other is."""
    pid = holder.get("pid", 0)
    if not pid:
        return  # it has only just begun
    if processes.parent_of(pid) == holder.get("starter"):
        raise LocalCloudError(
            f"Another run of the local cloud is at work (process {pid}).",
            "Wait until it is done, or stop it there with Ctrl-C.",
        )
    if time.monotonic() > deadline:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
    elif pid not in waited_for:
        waited_for.add(pid)
        say(f"waiting for the abandoned run that is still at work (process {pid})")


def _holder(descriptor: int) -> dict[str, int]:
    try:
        return json.loads(os.pread(descriptor, 1000, 0))
    except ValueError:
        return {}
