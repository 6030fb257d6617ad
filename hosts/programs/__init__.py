"""Programs that hosts carry: they need only what Debian brings, and import nothing of ours
but each other."""

from pathlib import Path

DIRECTORY = "/usr/local/lib/groundwork"
"""Where hosts keep them."""


def source(name: str) -> str:
    """The text of a program."""
    return (Path(__file__).parent / name).read_text()
