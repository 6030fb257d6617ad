"""What is changed on this host, and how whoever asked for it learns of it."""

from __future__ import annotations

from pathlib import Path


def say(text: str) -> None:
    print(f"changed: {text}", flush=True)


def link(path: Path, target: str) -> None:
    """A symbolic link is changed in one step: there is no moment without it."""
    fresh = path.with_name(f".{path.name}.fresh")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(path)
