"""The other programs of this host."""

from __future__ import annotations

import os
import subprocess

PROGRAMS = "/usr/local/lib/groundwork"
# Seconds that systemd may take to answer: on a busy machine it may be late (systemd's
# ENVIRONMENT.md; 25 otherwise), and what is not known to run counts as dead.
PATIENT = {"SYSTEMD_BUS_TIMEOUT": "180"}


def ran(*command: str) -> subprocess.CompletedProcess[str]:
    """What came of it; nothing is asked of a person."""
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, **PATIENT},
    )
