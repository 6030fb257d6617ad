"""A service with two ports: the other colour starts beside the one that serves."""

from __future__ import annotations

from hosts.programs.releasing.application import Application, RefusedError, Service
from hosts.programs.releasing.changes import link
from hosts.programs.releasing.records import debts
from hosts.programs.releasing.services import LIVE, check, colour_unit, live_colour
from hosts.programs.releasing.systemd import later, systemctl


def start_colour(application: Application, service: Service, version: str) -> None:
    """The other colour starts beside the one that serves, and takes over once it is healthy."""
    live = live_colour(application, service)
    place = application.directory / "colours"
    place.mkdir(exist_ok=True)
    place.chmod(0o755)
    running = place / f"{service.name}-{live}"
    same = running.is_symlink() and running.readlink().name == version
    if same and systemctl("is-active", "--quiet", colour_unit(service, live)):
        due = service.unit in debts(application)
        if not due:
            check(service, colour_unit(service, live), live)
            return
    other = next(port for port in service.colours if port != live)
    if not running.is_symlink():
        other = live  # nothing serves yet
    unit = colour_unit(service, other)
    systemctl("stop", f"groundwork-hold-{application.name}-{service.name}.timer")
    systemctl("stop", unit)
    link(place / f"{service.name}-{other}", f"../releases/{version}")
    systemctl("reset-failed", unit)
    started = systemctl("start", unit)
    try:
        if not started:
            raise RefusedError(f"{unit} does not start; see `journalctl -u {unit}`")
        check(service, unit, other)
    except RefusedError:
        systemctl("stop", unit)
        raise
    systemctl("enable", "--quiet", unit)
    if other == live:
        return
    (LIVE / f"{application.name}-{service.name}.conf").write_text(f"server 127.0.0.1:{other};\n")
    if not systemctl("reload", "nginx.service"):
        (LIVE / f"{application.name}-{service.name}.conf").write_text(f"server 127.0.0.1:{live};\n")
        systemctl("stop", unit)
        raise RefusedError("nginx refuses the other colour; see `nginx -t`")
    old = colour_unit(service, live)
    systemctl("disable", "--quiet", old)
    later(
        f"groundwork-hold-{application.name}-{service.name}",
        service.hold_seconds,
        ["systemctl", "stop", old],
    )
