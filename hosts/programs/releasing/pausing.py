"""Nothing of an application runs and visitors are told to come again, until it is resumed."""

from __future__ import annotations

import time
from pathlib import Path

from hosts.programs.releasing.application import Application, RefusedError
from hosts.programs.releasing.changes import say
from hosts.programs.releasing.records import record
from hosts.programs.releasing.services import answers_well, check, live, state_of, units
from hosts.programs.releasing.systemd import systemctl

PAUSED = Path("/var/lib/groundwork/paused")  # visitors are kept out
STOPPED = Path("/var/lib/groundwork/stopped")  # nothing starts
# nginx hands a request on within moments of letting it in, to a service that must still be there.
SECONDS_TO_HAND_ON = 1.0


def paused(application: Application) -> bool:
    return (PAUSED / application.name).exists()


def pause(application: Application) -> None:
    """Nothing of it runs and visitors are kept out. Asked for again, it only lasts longer."""
    if pending := record(application).get("pending"):
        raise RefusedError(
            f"{application.name} {pending} is not confirmed yet: try again when its release is over"
        )
    fresh = not paused(application)
    (PAUSED / application.name).touch()
    # First of all: whatever happens from here on, somebody lets visitors in again.
    if not systemctl("restart", f"groundwork-resume-{application.name}.timer"):
        (PAUSED / application.name).unlink()
        raise RefusedError(
            f"{application.name} would not be resumed by itself: is this host configured? "
            "Bring the stack up first"
        )
    (STOPPED / application.name).touch()
    if fresh:
        time.sleep(SECONDS_TO_HAND_ON)
    stopped = [
        *(f"{name}.timer" for name in application.clock),
        *(f"{name}.service" for name in application.clock),
        *(unit for service in application.services for unit in units(service)),
    ]
    if stopped and not systemctl("stop", *stopped):
        raise RefusedError(f"not everything of {application.name} can be stopped: {stopped}")
    for service in application.services:
        if state_of(service) in ("active", "reloading", "activating", "deactivating"):
            raise RefusedError(
                f"{service.unit} cannot be stopped; see `journalctl -u {service.unit}`"
            )
    if fresh:
        say(f"{application.name} paused")


def start_again(application: Application, *, everything: bool) -> None:
    """What answers runs and is well, its stores included; then, if asked for, what only works."""
    (STOPPED / application.name).unlink(missing_ok=True)
    if application.serving is None:
        return
    answering = [service for service in application.services if service.health]
    rest = [service for service in application.services if not service.health]
    for services in (answering, rest) if everything else (answering,):
        started = [(service, *live(application, service)) for service in services]
        for _, unit, _ in started:
            systemctl("reset-failed", unit)
            if not systemctl("start", unit):
                raise RefusedError(f"{unit} does not start; see `journalctl -u {unit}`")
        for service, unit, port in started:
            check(service, unit, port)
            if service.deep and port is not None:
                answers_well(service, unit, port, service.deep)


def resume(application: Application) -> None:
    """All of it runs, and visitors are let in: what is unwell even then, the load balancer sees."""
    fresh = paused(application)
    try:
        if fresh:
            start_again(application, everything=True)
    finally:
        (PAUSED / application.name).unlink(missing_ok=True)
        if application.clock:
            systemctl("start", *(f"{name}.timer" for name in application.clock))
        # Started for nothing, it stops, and is as a run of the configuration wants it.
        systemctl("restart", f"groundwork-resume-{application.name}.timer")
    if fresh:
        say(f"{application.name} resumed")
