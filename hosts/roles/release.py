"""What a host knows of an application's releases: where they come from and how they take over."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from hosts.programs import DIRECTORY, modules, source
from hosts.roles import nginx
from hosts.roles.service import STOPPED
from hosts.steps import Absent, Directory, File, Role, Running, Step
from hosts.unit import CONFINEMENT

LEAVING_MARGIN = 15
"""Seconds beyond the drain until a host that goes down waits no longer."""

LONGEST_PAUSE = 900
"""Seconds after which a paused host resumes by itself, unless it is told to stay so."""


@dataclass(frozen=True, kw_only=True)
class ReleasedService:
    """A service that a release starts anew, and how it is known to be well."""

    name: str
    unit: str
    """With two colours the template, NAME@.service."""
    kind: Literal["restart", "exchange", "colours"]
    """Exchange: PM2 puts one process after the other on the new version."""
    port: int | None = None
    health: str | None = None
    """Light path on the service's own port; a worker has none."""
    deep: str | None = None
    """Path that asks its stores as well; looked at after a pause."""
    start_seconds: int = 60
    steady_seconds: int = 10
    """How long what has no path must keep running."""
    colours: tuple[int, ...] = ()
    hold_seconds: int = 0
    """How long the other colour stays ready."""


@dataclass(frozen=True, kw_only=True)
class PublishedSite:
    """Where a site goes that the CDN serves."""

    bucket: str
    distribution: str
    immutable: tuple[str, ...] = ()
    """Path patterns of its fingerprinted files."""


@dataclass(frozen=True, kw_only=True)
class Releases:
    application: str
    bucket: str
    artifacts: Mapping[str, Literal["tar.gz", "jar"]]
    """Services and sites of this host, and how each is packed."""
    services: tuple[ReleasedService, ...]
    clock: tuple[str, ...] = ()
    """What a timer of the same name starts on this host."""
    sites: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Site → path patterns of its fingerprinted files, which outlive their version a while."""
    published: Mapping[str, PublishedSite] = field(default_factory=dict[str, PublishedSite])
    """On the operations instance: the sites that it gives to the CDN."""
    drain_seconds: float
    """Until the load balancer has noticed that the host reports itself unwell, and what is under
    way is done; 0 where no other host could take over."""
    settle_seconds: float
    """Until the load balancer has noticed that it is well again."""
    keep: int = 5
    dump_first: str | None = None
    """Key of the database that is dumped before it is migrated (hosts/roles/dumps.py)."""


def artifact_key(application: str, part: str, kind: str, version: str = "{version}") -> str:
    """Where an artifact lies in the bucket; its sha256 lies beside it, with .sha256 at the end."""
    return f"releases/{application}/{version}/{part}.{kind}"


def releases(wanted: Releases) -> Role:
    """The program that releases, and the facts it needs."""
    facts = {
        "bucket": wanted.bucket,
        "artifacts": {
            part: artifact_key(wanted.application, part, kind)
            for part, kind in sorted(wanted.artifacts.items())
        },
        "services": [
            {
                "name": service.name,
                "unit": service.unit,
                "kind": service.kind,
                "port": service.port,
                "health": service.health,
                "deep": service.deep,
                "start_seconds": service.start_seconds,
                "steady_seconds": service.steady_seconds,
                "colours": list(service.colours),
                "hold_seconds": service.hold_seconds,
            }
            for service in wanted.services
        ],
        "clock": list(wanted.clock),
        "sites": {site: list(patterns) for site, patterns in sorted(wanted.sites.items())},
        "published": {site: asdict(place) for site, place in sorted(wanted.published.items())},
        "drain_seconds": wanted.drain_seconds,
        "settle_seconds": wanted.settle_seconds,
        "keep": wanted.keep,
        "dump_first": wanted.dump_first,
    }
    leaving = f"groundwork-leave-{wanted.application}.service"
    leave, active = _leave(wanted, leaving)
    resume, armed = _resume(wanted)
    return Role(
        name=f"releases of {wanted.application}",
        configure=(
            Directory(DIRECTORY),
            Directory(f"{DIRECTORY}/hosts"),
            Directory(f"{DIRECTORY}/hosts/programs"),
            Directory(f"{DIRECTORY}/hosts/programs/releasing"),
            *(
                File(f"{DIRECTORY}/hosts/programs/{name}", source(name))
                for name in modules("releasing")
            ),
            File(f"{DIRECTORY}/release", source("release.py"), mode="0755"),
            Directory("/etc/groundwork/releases"),
            File(
                f"/etc/groundwork/releases/{wanted.application}.json",
                json.dumps(facts, indent=2) + "\n",
            ),
            Directory(f"/srv/{wanted.application}"),
            Directory(f"/srv/{wanted.application}/releases"),
            leave,
            *resume,
        ),
        activate=(*active, *armed),
    )


def _resume(wanted: Releases) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """Where nobody ends a pause, the host does. The timer starts with the pause, and again with
    the machine: one that is rebooted meanwhile waits as long once more."""
    if not wanted.services and not wanted.sites:
        return (), ()  # the operations instance, on which nothing of it is paused
    name = f"groundwork-resume-{wanted.application}"
    condition = f"ConditionPathExists={nginx.PAUSED}/{wanted.application}"
    unit = f"[Unit]\nDescription={wanted.application}: resumed, where nobody does it\n{condition}\n"
    command = f"{DIRECTORY}/release resume {wanted.application}"
    files = (
        Directory("/var/lib/groundwork"),
        Directory(nginx.PAUSED),
        Directory(STOPPED),
        File(
            f"/etc/systemd/system/{name}.service",
            f"{unit}\n[Service]\nType=oneshot\n"
            f"ExecStart=/usr/bin/flock --wait 900 /run/groundwork.lock {command}\n"
            f"ReadWritePaths=/run /var/lib/groundwork\n\n{CONFINEMENT}",
        ),
        File(
            f"/etc/systemd/system/{name}.timer",
            f"{unit}\n[Timer]\nOnActiveSec={LONGEST_PAUSE}s\nAccuracySec=1s\n\n"
            "[Install]\nWantedBy=timers.target\n",
        ),
    )
    return files, (Running(f"{name}.timer"),)


def _leave(wanted: Releases, unit: str) -> tuple[Step, tuple[Step, ...]]:
    """Whoever stops or reboots the host: it is out of rotation before anything on it ends."""
    path = f"/etc/systemd/system/{unit}"
    if not wanted.drain_seconds:
        return Absent(path), ()
    return File(path, _leaving_unit(wanted)), (Running(unit),)


def _leaving_unit(wanted: Releases) -> str:
    """Started after all that serves, so ended before any of it (systemd.unit(5), "After=")."""
    serving = [nginx.UNIT]
    for service in wanted.services:
        serving += [
            service.unit.replace("@.service", f"@{port}.service") for port in service.colours
        ] or [service.unit]
    command = f"{DIRECTORY}/release leave {wanted.application}"
    return "\n".join(
        [
            "[Unit]",
            f"Description={wanted.application}: out of rotation before the host goes down",
            f"After={' '.join(serving)}",
            "",
            "[Service]",
            "Type=oneshot",
            "RemainAfterExit=yes",
            "ExecStart=/usr/bin/true",
            f"ExecStop={command}",
            f"TimeoutStopSec={wanted.drain_seconds + LEAVING_MARGIN:g}s",
            f"ReadWritePaths={nginx.DRAIN}",
            "",
            *CONFINEMENT.splitlines(),
            "",
            "[Install]",
            "WantedBy=multi-user.target",
            "",
        ]
    )
