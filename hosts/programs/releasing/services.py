"""Which units are those of a service, and whether they are well."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from pathlib import Path

from hosts.programs.releasing.application import Application, RefusedError, Service
from hosts.programs.releasing.programs import ran
from hosts.programs.releasing.systemd import systemctl

LIVE = Path("/etc/nginx/live")


def units(service: Service) -> list[str]:
    if service.kind != "colours":
        return [service.unit]
    return [colour_unit(service, port) for port in service.colours]


def colour_unit(service: Service, port: int) -> str:
    return service.unit.replace("@.service", f"@{port}.service")


def live_colour(application: Application, service: Service) -> int:
    text = (LIVE / f"{application.name}-{service.name}.conf").read_text()
    return int(text.partition(":")[2].partition(";")[0])


def live(application: Application, service: Service) -> tuple[str, int | None]:
    """The unit that answers for a service, and where."""
    if service.kind != "colours":
        return service.unit, service.port
    port = live_colour(application, service)
    return colour_unit(service, port), port


def check(service: Service, unit: str, port: int | None) -> None:
    """Healthy within its start time: its light path answers well, or a worker keeps running."""
    if port is None or service.health is None:
        keeps_running(service, unit)
        return
    answers_well(service, unit, port, service.health)


def keeps_running(service: Service, unit: str) -> None:
    """The same processes for so long: what has died is soon started again, by systemd or by PM2,
    and looks well to whoever comes by just then."""
    managed = service.kind == "exchange"
    deadline = time.monotonic() + service.start_seconds + service.steady_seconds
    seen: set[int] = set()
    while True:
        ages = processes(unit, managed=managed)
        if not systemctl("is-active", "--quiet", unit) or seen - ages.keys():
            raise RefusedError(
                f"{unit} does not keep running for {service.steady_seconds} s; "
                f"see `journalctl -u {unit}`"
            )
        seen |= ages.keys()
        # PM2 itself is one of them, and does no work.
        if len(ages) > managed and min(ages.values()) >= service.steady_seconds:
            return
        if time.monotonic() > deadline:
            raise RefusedError(f"{unit} does not come to rest; see `journalctl -u {unit}`")
        time.sleep(0.5)


def processes(unit: str, *, managed: bool) -> dict[int, int]:
    """A unit's own, and those that PM2 manages in it → age in seconds."""
    main = ran("systemctl", "show", "--property", "MainPID", "--value", unit).stdout.strip()
    if main in ("", "0"):
        return {}
    managed_too = ("--ppid", main) if managed else ()
    found = ran("ps", "-o", "pid=,etimes=", "--pid", main, *managed_too).stdout
    return {int(pid): int(age) for pid, age in map(str.split, found.splitlines())}


def answers_well(service: Service, unit: str, port: int, path: str) -> None:
    url = f"http://127.0.0.1:{port}{path}"
    deadline = time.monotonic() + service.start_seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError as error:
            answer = f"answers {error.code}"
        except OSError as error:
            answer = f"does not answer ({getattr(error, 'reason', error)})"
        if time.monotonic() > deadline:
            raise RefusedError(
                f"{path} of {unit} {answer} after {service.start_seconds} s; "
                f"see `journalctl -u {unit}`"
            )
        time.sleep(0.5)


def state_of(service: Service) -> str:
    """Active, or what systemd says instead; of two colours one is enough."""
    states = [ran("systemctl", "is-active", unit).stdout.strip() for unit in units(service)]
    return "active" if "active" in states else ", ".join(states)


def stores_of(application: Application, service: Service) -> str:
    """What it says of what stands behind it, by its deep path: well, or why not."""
    unit, port = live(application, service)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{service.deep}", timeout=10):
            return "well"
    except urllib.error.HTTPError as error:
        return f"{service.deep} answers {error.code}"
    except OSError as error:
        return f"{service.deep} of {unit}: {getattr(error, 'reason', error)}"
