"""What systemd is asked for, now or later."""

from __future__ import annotations

import subprocess


def systemctl(*words: str) -> bool:
    done = subprocess.run(
        ["systemctl", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return done.returncode == 0


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
