"""Services start on a version, or anew where that is owed."""

from __future__ import annotations

from hosts.programs.releasing.application import Application, RefusedError, Service
from hosts.programs.releasing.colours import start_colour
from hosts.programs.releasing.programs import PROGRAMS, ran
from hosts.programs.releasing.records import owed, paid
from hosts.programs.releasing.services import check
from hosts.programs.releasing.systemd import systemctl


def start_all(application: Application, version: str, *, changed: bool) -> None:
    for unit in sorted(owed("restart", "host")):
        if not systemctl("restart", unit):
            raise RefusedError(f"{unit} does not start; see `journalctl -u {unit}`")
        paid("restart", "host", unit)
    remove_others(application)
    for service in application.services:
        if service.kind == "colours":
            start_colour(application, service, version)
        else:
            start(application, service, changed=changed)
    for service in application.services:
        for kind in ("restart", "exchange"):
            paid(kind, application.name, service.unit)


def start(application: Application, service: Service, *, changed: bool) -> None:
    must = service.unit in owed("restart", application.name)
    due = changed or must or service.unit in owed("exchange", application.name)
    if due:
        gently = service.kind == "exchange" and not must
        gently = gently and systemctl("is-active", "--quiet", service.unit)
        systemctl("reset-failed", service.unit)
        if not (systemctl("reload", service.unit) if gently else False) and not systemctl(
            "restart", service.unit
        ):
            raise RefusedError(f"{service.unit} does not start; see `journalctl -u {service.unit}`")
    check(service, service.unit, service.port)


def remove_others(application: Application) -> None:
    """Services that the configuration no longer has, which served until now."""
    gone = sorted(owed("removal", application.name))
    if not gone:
        return
    done = ran(f"{PROGRAMS}/remove-units", *gone)
    if done.returncode:
        raise RefusedError(f"{', '.join(gone)} cannot be taken away: {done.stderr}")
    for unit in gone:
        paid("removal", application.name, unit)
