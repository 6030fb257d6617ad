"""Files that are whole at any moment: what is killed while it writes leaves the ones before."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write(
    path: Path,
    contents: str | bytes,
    *,
    mode: int = 0o644,
    owner: tuple[int, int] | None = None,
) -> None:
    """All of it or nothing, and never readable by more than `mode` allows. Of two writers at a time
    each writes all of its own; the later one's stays.

    owner: user and group, by number; the process's own without it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.new")
    with _fresh(unfinished, mode) as descriptor:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(contents.encode() if isinstance(contents, str) else contents)
        if owner is not None:
            os.chown(unfinished, *owner)
        unfinished.replace(path)


@contextmanager
def _fresh(path: Path, mode: int) -> Iterator[int]:
    """An empty file that is this writer's alone: held by the kernel, so that what was killed holds
    nothing."""
    while True:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, mode)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not _is_at(descriptor, path):
                continue  # whoever had it has put it into its place
            if os.fstat(descriptor).st_size:
                path.unlink()  # it was cut off
                continue
            yield descriptor
            return
        finally:
            os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
