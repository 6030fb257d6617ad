"""The other programs of this host."""

from __future__ import annotations

import subprocess

PROGRAMS = "/usr/local/lib/groundwork"


def ran(*command: str) -> subprocess.CompletedProcess[str]:
    """What came of it; nothing is asked of a person."""
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
