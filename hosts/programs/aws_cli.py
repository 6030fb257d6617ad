"""The AWS CLI, as the operations instance's programs ask it: with the machine's own role."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from hosts.programs.database_client import RefusedError

# By itself it gives the metadata service one second, once, to say which role this is: a machine
# that is busy just then would have none.
PATIENT = {"AWS_METADATA_SERVICE_TIMEOUT": "30", "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "3"}


def ask(region: str, *words: str) -> str:
    """What it answers; RefusedError, with what AWS says, where it fails."""
    done = subprocess.run(
        ["aws", "--region", region, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment(),
    )
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip()
        raise RefusedError(f"aws {' '.join(words[:2])}: {said}")
    return done.stdout


def environment() -> dict[str, str]:
    """That of this process, and what the machine says of AWS: sudo and units do not read it."""
    found: dict[str, str] = {}
    machine = Path("/etc/environment")
    for line in machine.read_text().splitlines() if machine.exists() else ():
        key, equals, value = line.removeprefix("export ").partition("=")
        if equals and key.strip().startswith("AWS_"):
            found[key.strip()] = value.strip().strip("\"'")
    return {**PATIENT, **found, **os.environ, "AWS_PAGER": "", "AWS_RETRY_MODE": "standard"}
