"""Files that are whole at any moment: what is killed while it writes leaves the ones before."""

import os
from pathlib import Path


def write(
    path: Path,
    contents: str | bytes,
    *,
    mode: int = 0o644,
    owner: tuple[int, int] | None = None,
) -> None:
    """All of it or nothing, and never readable by more than `mode` allows. One writer at a time.

    owner: user and group, by number; the process's own without it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(contents.encode() if isinstance(contents, str) else contents)
    if owner is not None:
        os.chown(unfinished, *owner)
    unfinished.replace(path)
