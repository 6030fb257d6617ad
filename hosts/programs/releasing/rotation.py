"""Whether the load balancer sends anything to this host."""

from __future__ import annotations

import time
from pathlib import Path

from hosts.programs.releasing.application import Application

DRAIN = Path("/run/groundwork/drain")
STEP = 0.5


def leave_rotation(application: Application) -> None:
    """Reported unwell to the load balancer, which then sends nothing new."""
    if application.drain_seconds and application.serving is not None:
        DRAIN.mkdir(parents=True, exist_ok=True)
        (DRAIN / application.name).touch()
        run_for(application.drain_seconds)


def join_rotation(application: Application) -> None:
    """Well again; waits until the load balancer believes it, before the next host leaves."""
    if (DRAIN / application.name).exists():
        (DRAIN / application.name).unlink()
        run_for(application.settle_seconds)


def run_for(seconds: float) -> None:
    """So long as this machine runs: while it stands still, no load balancer can ask it anything."""
    steps = max(1, round(seconds / STEP))
    for _ in range(steps):
        time.sleep(seconds / steps)
