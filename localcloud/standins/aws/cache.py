"""What takes long to derive is kept outside the clone, under a digest of what it was made from."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def directory() -> Path:
    """GROUNDWORK_CACHE, or a folder of ours in the user's cache."""
    chosen = os.environ.get("GROUNDWORK_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "groundwork"


def digest(*parts: bytes | str) -> str:
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()[:16]


def made(name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache, filled by `make`; complete or absent, never half made."""
    target = directory() / name
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    try:
        make(unfinished)
        try:
            unfinished.rename(target)
        except OSError:
            # Another process was faster: what it made is the same.
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target
