#!/usr/bin/python3
"""Takes units away with what only they had: stopped as each wants to be, and not there any more."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

UNITS = Path("/etc/systemd/system")
OWN = (Path("/etc/groundwork"), Path("/run/groundwork"), Path("/etc/logrotate.d"))


def systemctl(*words: str) -> str:
    done = subprocess.run(
        ["systemctl", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return done.stdout.strip()


def name(unit: str) -> str:
    """Of what has it, and of both its colours: api of api.service, api.timer and api@.service."""
    return unit.rpartition(".")[0].removesuffix("@")


def under_way(unit: str) -> bool:
    """A command that ends by itself, and is let to."""
    kind = systemctl("show", "--property", "Type", "--value", unit)
    return kind == "oneshot" and systemctl("is-active", unit) == "activating"


def main() -> int:
    units = [unit for unit in sys.argv[1:] if (UNITS / unit).exists()]
    if not units:
        return 0
    systemctl("disable", "--quiet", *units)
    # All in one word to systemd, which knows what has to end before what.
    wanted = [unit.replace("@.", "@*.") for unit in units if not under_way(unit)]
    if wanted:
        subprocess.run(["systemctl", "stop", *wanted], stdin=subprocess.DEVNULL, check=True)
    for unit in units:
        (UNITS / unit).unlink()
        print(f"removed {unit}")
    kept = {name(path.name) for path in UNITS.iterdir() if path.is_file()}
    for own in {name(unit) for unit in units} - kept:
        for place in OWN:
            path = place / own
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    systemctl("daemon-reload")
    return 0


if __name__ == "__main__":
    sys.exit(main())
