"""What systemd is asked for, now or later."""

from __future__ import annotations

import subprocess

from hosts.programs.releasing.programs import ran


def systemctl(*words: str) -> bool:
    return ran("systemctl", *words).returncode == 0


def later(unit: str, seconds: float, command: list[str]) -> None:
    systemctl("stop", f"{unit}.timer")
    subprocess.run(
        [
            *("systemd-run", "--quiet", "--collect", f"--unit={unit}"),
            *(f"--on-active={seconds:.0f}s", "--timer-property=AccuracySec=1s"),
            *command,
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
