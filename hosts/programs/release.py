#!/usr/bin/python3
"""Changes the version of an application that this host serves, without losing a request.

    stage    lay the artifacts of a version beside the one that serves
    switch   out of rotation, change the version or pay what is owed, check, and back
    migrate  bring the database along (this and the next two on the operations instance alone)
    down     take it back to an older schema, with the files of the version that made the newer
    seed     give it its first content
    restart  out of rotation, all processes anew or one service's (where it is here), and back
    publish  give a site's files to the CDN (on the operations instance alone)
    confirm  keep the new version: every host has it
    return   go back to the last confirmed version (started by itself where no confirm came)
    pause    nothing of it runs, visitors are told to come again; a reboot changes nothing
    start    what answers runs again and is well, visitors stay out (--all: the rest too)
    resume   all of it runs, and visitors are let in (started by itself after a while)
    show     say what serves, and what served before, as JSON
    leave    out of rotation, before the host goes down (started by its shutdown)

A switch that is not confirmed in time undoes itself, so that a release which fails on one host
leaves the old version on all of them, even if whoever started it is gone. So does a pause.
"""

from __future__ import annotations

import argparse
import fcntl
import fnmatch
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OWED = Path("/var/lib/groundwork/owed")
RECORDS = Path("/var/lib/groundwork/releases")
DRAIN = Path("/run/groundwork/drain")
PAUSED = Path("/var/lib/groundwork/paused")  # visitors are kept out
STOPPED = Path("/var/lib/groundwork/stopped")  # nothing starts
LIVE = Path("/etc/nginx/live")
LOCK = Path("/run/groundwork.lock")
REQUESTS = Path("/run/groundwork")
PROGRAMS = "/usr/local/lib/groundwork"
REMEMBERED = 20
# nginx hands a request on within moments of letting it in, to a service that must still be there.
SECONDS_TO_HAND_ON = 1.0
VERSION = r"[A-Za-z0-9][A-Za-z0-9._-]*"


class RefusedError(Exception):
    """Why the release did not happen, and what to do; for a person."""


@dataclass(frozen=True)
class Service:
    """One service of the application on this host, as its configuration tells."""

    name: str
    unit: str
    kind: str  # restart, exchange (PM2: one process after the other), colours
    port: int | None
    health: str | None
    deep: str | None
    start_seconds: int
    steady_seconds: int
    colours: tuple[int, ...]
    hold_seconds: int


@dataclass(frozen=True)
class Application:
    name: str
    bucket: str
    artifacts: dict[str, str]  # part of the release → its key, with {version} in it
    services: tuple[Service, ...]
    clock: tuple[str, ...]  # what timers start
    sites: dict[str, list[str]]  # site → path patterns of its fingerprinted files
    published: dict[str, dict[str, Any]]  # site → bucket, distribution, immutable patterns
    drain_seconds: float
    settle_seconds: float
    keep: int
    dump_first: str | None  # key of the database that is dumped before it is migrated

    @property
    def directory(self) -> Path:
        return Path("/srv") / self.name

    @property
    def current(self) -> Path:
        return self.directory / "current"

    def release(self, version: str) -> Path:
        return self.directory / "releases" / version

    @property
    def serving(self) -> str | None:
        return self.current.readlink().name if self.current.is_symlink() else None


def load(name: str) -> Application:
    told = json.loads(Path(f"/etc/groundwork/releases/{name}.json").read_text())
    return Application(
        name=name,
        bucket=told["bucket"],
        artifacts=told["artifacts"],
        services=tuple(
            Service(
                name=service["name"],
                unit=service["unit"],
                kind=service["kind"],
                port=service["port"],
                health=service["health"],
                deep=service["deep"],
                start_seconds=service["start_seconds"],
                steady_seconds=service["steady_seconds"],
                colours=tuple(service["colours"]),
                hold_seconds=service["hold_seconds"],
            )
            for service in told["services"]
        ),
        clock=tuple(told["clock"]),
        sites=told["sites"],
        published=told["published"],
        drain_seconds=told["drain_seconds"],
        settle_seconds=told["settle_seconds"],
        keep=told["keep"],
        dump_first=told["dump_first"],
    )


# -- small words ------------------------------------------------------------------------------


def say(text: str) -> None:
    print(f"changed: {text}", flush=True)


def systemctl(*words: str) -> bool:
    done = subprocess.run(
        ["systemctl", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return done.returncode == 0


def link(path: Path, target: str) -> None:
    """A symbolic link is changed in one step: there is no moment without it."""
    fresh = path.with_name(f".{path.name}.fresh")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(path)


def record(application: Application) -> dict[str, Any]:
    path = RECORDS / f"{application.name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def note(application: Application, **facts: str | list[str] | None) -> None:
    path = RECORDS / f"{application.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".fresh")
    fresh.write_text(json.dumps({**record(application), **facts}))
    fresh.replace(path)


def owed(kind: str, application: str) -> set[str]:
    marks = OWED / kind / application
    return {mark.name for mark in marks.iterdir()} if marks.exists() else set()


def owe(kind: str, application: str, unit: str) -> None:
    marks = OWED / kind / application
    marks.mkdir(parents=True, exist_ok=True)
    (marks / unit).touch()


def paid(kind: str, application: str, unit: str) -> None:
    (OWED / kind / application / unit).unlink(missing_ok=True)


# -- stage ------------------------------------------------------------------------------------


def stage(application: Application, version: str) -> None:
    """Unpacked whole beside the others, after its digest was checked; a second time is nothing."""
    if not re.fullmatch(VERSION, version):
        raise RefusedError(f"{version!r} is no version that could name a folder")
    for part, pattern in application.artifacts.items():
        directory = application.release(version) / part
        if not (directory / ".sha256").exists():
            key = pattern.format(version=version)
            with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="groundwork.") as scratch:
                unpack(application.bucket, key, directory, Path(scratch))
            say(f"{application.name} {version} staged: {part}")
        if part in application.sites:
            share_assets(application, part, directory)


def share_assets(application: Application, site: str, directory: Path) -> None:
    """Fingerprinted files lie beside those of other versions, linked and not copied: while hosts
    change one by one, and in pages that stay open, each version's page finds its own."""
    place = application.directory / "assets" / site
    for file in sorted(directory.rglob("*")):
        name = file.relative_to(directory)
        wanted = any(fnmatch.fnmatchcase(f"/{name}", one) for one in application.sites[site])
        target = place / name
        if not wanted or not file.is_file() or file.is_symlink():
            continue
        if target.exists() and target.samefile(file):
            continue
        for folder in reversed(target.relative_to(application.directory).parents[:-1]):
            (application.directory / folder).mkdir(exist_ok=True)
            (application.directory / folder).chmod(0o755)
        fresh = target.with_name(f".{target.name}.fresh")
        fresh.unlink(missing_ok=True)
        fresh.hardlink_to(file)
        fresh.replace(target)


def unpack(bucket: str, key: str, directory: Path, scratch: Path) -> None:
    archive, digest = scratch / Path(key).name, scratch / "sha256"
    for source, target in ((f"{key}.sha256", digest), (key, archive)):
        done = subprocess.run(
            [f"{PROGRAMS}/cloud", "fetch-object", bucket, source, str(target)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RefusedError(
                f"{done.stderr.strip()}\nPublish the artifact first: it belongs at "
                f"s3://{bucket}/{key}, and its digest beside it with .sha256 at the end."
            )
    wanted = digest.read_text().split()[0]
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != wanted:
        raise RefusedError(f"s3://{bucket}/{key} is not what its .sha256 promises: {found}")
    fresh = directory.with_name(f".{directory.name}.fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    if key.endswith(".jar"):
        shutil.move(archive, fresh / "app.jar")
    else:
        try:
            with tarfile.open(archive) as content:
                content.extractall(fresh, filter="data")
        except tarfile.TarError as error:
            raise RefusedError(f"s3://{bucket}/{key} cannot be unpacked: {error}") from None
    # Read by the service's user, whatever whoever packed it had as a mask.
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or bool(path.stat().st_mode & 0o100)
            path.chmod(0o755 if executable else 0o644)
    (fresh / ".sha256").write_text(f"{found}\n")
    shutil.rmtree(directory, ignore_errors=True)
    fresh.replace(directory)
    for parent in (directory.parent, directory.parent.parent):
        parent.chmod(0o755)


# -- migrate ----------------------------------------------------------------------------------


def migrate(application: Application, version: str, *, restored: bool = False) -> None:
    """Once for all hosts: the database itself remembers which versions it has been brought to."""
    stage(application, version)
    if application.dump_first and not restored:
        dump_first(application, version, application.dump_first)
    unit = f"{application.name}-migrate@{version}.service"
    systemctl("reset-failed", unit)
    if not systemctl("start", unit):
        raise RefusedError(
            f"The migration to {application.name} {version} failed, and no host has changed: see "
            f"`journalctl -u {unit}` on the operations instance. Correct the migration and "
            "release again."
        )
    prune(application)


def dump_first(application: Application, version: str, key: str) -> None:
    """What the migration starts from, in the bucket; without it nothing is migrated."""
    done = subprocess.run(
        [
            *("runuser", "-u", "groundwork-dumps", "--", f"{PROGRAMS}/dump", "dump", key),
            *("--reason", f"before {application.name} {version}"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RefusedError(
            f"The dump before the migration to {application.name} {version} failed, so nothing was "
            f"migrated and no host has changed: {done.stderr.strip()}"
        )
    say(f"{key} dumped before the migration to {application.name} {version}")


def go_down(
    application: Application, version: str, target: str, kept: str, *, only_planned: bool
) -> None:
    """The database back to an older schema; `kept` is the release that needs no newer one."""
    stage(application, version)
    asked = {"MIGRATION_TARGET": target, "MIGRATION_KEPT": kept}
    specification = Path(f"/etc/groundwork/{application.name}-migrate/migration.json")
    if not specification.exists():
        raise RefusedError(f"{application.name} has no migration, so its database cannot go back")
    if only_planned:
        done = subprocess.run(
            [f"{PROGRAMS}/migrations", "plan", str(specification), version],
            cwd=application.release(version) / json.loads(specification.read_text())["part"],
            env={**os.environ, **asked},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RefusedError(done.stderr.strip())
        print(done.stdout, end="", flush=True)
        return
    run_asked(application, f"{application.name}-migrate-down@{version}.service", asked)


def seed(application: Application, version: str, *, again: bool) -> None:
    stage(application, version)
    unit = f"{application.name}-migrate-seed@{version}.service"
    run_asked(application, unit, {"MIGRATION_AGAIN": "yes"} if again else {})


def run_asked(application: Application, unit: str, asked: dict[str, str]) -> None:
    """A unit that a person asked for, with what was asked; its own words are shown."""
    request = REQUESTS / f"{application.name}-migrate.request"
    request.write_text("".join(f'{name}="{value}"\n' for name, value in asked.items()))
    began = time.time()
    try:
        systemctl("reset-failed", unit)
        well = systemctl("start", unit)
    finally:
        request.unlink()
    subprocess.run(["journalctl", "--sync"], stdin=subprocess.DEVNULL)
    said = subprocess.run(
        [
            *("journalctl", "--quiet", "--output=cat", f"--since=@{began:.3f}"),
            f"--identifier={application.name}-migrate",
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    ).stdout.strip()
    if not well:
        raise RefusedError(said or f"{unit} failed; see `journalctl -u {unit}`")
    print(said, flush=True)


# -- publish ----------------------------------------------------------------------------------


def publish(application: Application, version: str) -> None:
    """The CDN's visitors get the version; files of versions before stay for pages still open."""
    stage(application, version)
    for site, place in application.published.items():
        directory = application.release(version) / site
        done = subprocess.run(
            [
                *(f"{PROGRAMS}/cloud", "publish-site", place["bucket"], place["distribution"]),
                *(str(directory), *place["immutable"]),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RefusedError(
                f"The pages of {application.name} {version} could not be published: "
                f"{done.stderr.strip()}\nHosts go back by themselves. Release again."
            )
        say(f"{application.name} {version} published: {site}")
    prune(application)


# -- switch -----------------------------------------------------------------------------------


def switch(application: Application, version: str, patience: float) -> None:
    """The version serves and nothing is owed, or everything is as it was and this fails."""
    before = application.serving
    changes = before != version
    if not changes and not debts(application):
        return
    if not all((application.release(version) / part).exists() for part in application.artifacts):
        raise RefusedError(f"{application.name} {version} is not staged on this host")
    if paused(application):
        raise RefusedError(
            f"{application.name} is paused here while its database is restored, and serves what it "
            f"served. Release again when that is over; it ends by itself in a while."
        )
    leave_rotation(application)
    if changes:
        link(application.current, f"releases/{version}")
    try:
        start_all(application, version, changed=changes)
    except RefusedError as why:
        if changes:
            try:
                go_back(application, before)
            except RefusedError as worse:
                raise RefusedError(
                    f"{application.name} {version} does not become healthy: {why}\n"
                    f"Nor does {before} any more: {worse}\n"
                    "This host stays out of rotation; the others keep serving."
                ) from None
            raise RefusedError(advice(application, version, before, str(why))) from None
        # What failed is the configuration, and there is no older one to go back to. Out of
        # rotation, this host does no harm, and the others have not been touched yet.
        raise RefusedError(
            f"{why}\nThis host stays out of rotation and the others keep serving as they were. "
            "Correct the configuration and run again."
        ) from None
    join_rotation(application)
    if changes:
        note(application, pending=version, confirmed=record(application).get("confirmed", before))
        arm_return(application, version, patience)
        say(f"{application.name} serves {version}")
    else:
        say(f"{application.name} restarted")


def restart(application: Application, name: str | None, patience: float) -> None:
    """What its processes hold in memory is gone, and nothing else; an owed restart is paid too."""
    serving = application.serving
    if serving is None:
        raise RefusedError(f"Nothing of {application.name} is released on this host")
    for service in application.services:
        if name in (None, service.name):
            # Where no other host stands in, processes of PM2 take over from each other.
            alone = service.kind == "exchange" and not application.drain_seconds
            owe("exchange" if alone else "restart", application.name, service.unit)
    switch(application, serving, patience)


def advice(application: Application, version: str, before: str | None, why: str) -> str:
    name = application.name
    if before is None:
        return (
            f"The first release of {name}, {version}, does not become healthy: {why}\n"
            "It answers 503 until a release succeeds. Correct the release and release again."
        )
    return (
        f"{name} {version} does not become healthy: {why}\n"
        f"{before} serves here as before, and hosts that had changed go back to it by themselves. "
        f"Correct the release and release again, or put {before} back into groundwork:releases."
    )


def debts(application: Application) -> set[str]:
    return {
        *owed("restart", application.name),
        *owed("exchange", application.name),
        *owed("restart", "host"),
        *owed("removal", application.name),
    }


def leave_rotation(application: Application) -> None:
    """Reported unwell to the load balancer, which then sends nothing new."""
    if application.drain_seconds and application.serving is not None:
        DRAIN.mkdir(parents=True, exist_ok=True)
        (DRAIN / application.name).touch()
        time.sleep(application.drain_seconds)


def join_rotation(application: Application) -> None:
    """Well again; waits until the load balancer believes it, before the next host leaves."""
    if (DRAIN / application.name).exists():
        (DRAIN / application.name).unlink()
        time.sleep(application.settle_seconds)


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


def remove_others(application: Application) -> None:
    """Services that the configuration no longer has, which served until now."""
    gone = sorted(owed("removal", application.name))
    if not gone:
        return
    done = subprocess.run(
        [f"{PROGRAMS}/remove-units", *gone], stdin=subprocess.DEVNULL, capture_output=True
    )
    if done.returncode:
        raise RefusedError(f"{', '.join(gone)} cannot be taken away: {done.stderr.decode()}")
    for unit in gone:
        paid("removal", application.name, unit)


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
    main = subprocess.run(
        ["systemctl", "show", "--property", "MainPID", "--value", unit],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    ).stdout.strip()
    if main in ("", "0"):
        return {}
    found = subprocess.run(
        [*("ps", "-o", "pid=,etimes=", "--pid", main), *(("--ppid", main) if managed else ())],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    ).stdout
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


def go_back(application: Application, before: str | None) -> None:
    """The version from before serves again; what cannot be mended is left out of rotation."""
    if before is None:
        application.current.unlink(missing_ok=True)
        for service in application.services:
            systemctl("stop", *units(service))
        join_rotation(application)
        return
    link(application.current, f"releases/{before}")
    start_all(application, before, changed=True)
    join_rotation(application)


def units(service: Service) -> list[str]:
    if service.kind != "colours":
        return [service.unit]
    return [colour_unit(service, port) for port in service.colours]


# -- two colours ------------------------------------------------------------------------------


def colour_unit(service: Service, port: int) -> str:
    return service.unit.replace("@.service", f"@{port}.service")


def live_colour(application: Application, service: Service) -> int:
    text = (LIVE / f"{application.name}-{service.name}.conf").read_text()
    return int(text.partition(":")[2].partition(";")[0])


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


# -- pause and resume -------------------------------------------------------------------------


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


def live(application: Application, service: Service) -> tuple[str, int | None]:
    """The unit that answers for a service, and where."""
    if service.kind != "colours":
        return service.unit, service.port
    port = live_colour(application, service)
    return colour_unit(service, port), port


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


# -- confirm and return -----------------------------------------------------------------------


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


def arm_return(application: Application, version: str, patience: float) -> None:
    later(
        f"groundwork-return-{application.name}",
        patience,
        [f"{PROGRAMS}/release", "return", application.name, version],
    )


def confirm(application: Application, version: str, patience: float) -> None:
    """Every host has the version: it is the one to go back to from now on."""
    switch(application, version, patience)
    systemctl("stop", f"groundwork-return-{application.name}.timer")
    known = record(application)
    if known.get("confirmed") != version or known.get("pending"):
        note(application, confirmed=version, pending=None, history=history(known, version))
        say(f"{application.name} {version} confirmed")
    prune(application)


def history(known: dict[str, Any], version: str) -> list[str]:
    """The confirmed versions in their order, up to this one: who goes back forgets what came."""
    before = known.get("history") or [known["confirmed"]] * bool(known.get("confirmed"))
    earlier = before[: before.index(version)] if version in before else before
    return [*earlier, version][-REMEMBERED:]


def state_of(service: Service) -> str:
    """Active, or what systemd says instead; of two colours one is enough."""
    states = [
        subprocess.run(
            ["systemctl", "is-active", unit],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for unit in units(service)
    ]
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


def show(application: Application, *, deep: bool) -> None:
    known = record(application)
    told: dict[str, Any] = {
        "serving": application.serving,
        "pending": known.get("pending"),
        "confirmed": known.get("confirmed"),
        "history": known.get("history") or [],
        "paused": paused(application),
        "services": {service.name: state_of(service) for service in application.services},
    }
    if deep and application.serving and not told["paused"]:
        asked = [one for one in application.services if one.deep and one.port is not None]
        told["stores"] = {service.name: stores_of(application, service) for service in asked}
    print(json.dumps(told))


def prune(application: Application) -> None:
    """The newest releases stay, and whichever serves or is gone back to."""
    releases = application.directory / "releases"
    kept = {application.serving, record(application).get("confirmed")}
    by_age = sorted(
        (path for path in releases.iterdir() if path.is_dir()),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    in_use = {path.readlink().name for path in (application.directory / "colours").glob("*")}
    for path in by_age[application.keep :]:
        if path.name not in kept | in_use:
            shutil.rmtree(path)
    for path in sorted((application.directory / "assets").rglob("*")):
        # The last link: no version at hand has this file any more.
        if path.is_file() and path.stat().st_nlink == 1:
            path.unlink()


def give_up(application: Application, version: str) -> None:
    """No confirm came in time: the release failed on another host, or whoever ran it is gone."""
    known = record(application)
    if known.get("pending") != version:
        return  # another release came while this one waited for its turn
    leave_rotation(application)
    note(application, pending=None)
    go_back(application, known.get("confirmed"))
    say(f"{application.name} went back to {known.get('confirmed')}")


def plain(word: str) -> str:
    """A version, as it may stand in a file of variables."""
    if not re.fullmatch(VERSION, word):
        raise argparse.ArgumentTypeError(f"{word!r} is no version")
    return word


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    actions = (
        "stage",
        "migrate",
        "down",
        "seed",
        "switch",
        "restart",
        "publish",
        "confirm",
        "return",
        "pause",
        "start",
        "resume",
        "show",
        "leave",
    )
    parser.add_argument("action", choices=actions)
    parser.add_argument("application")
    parser.add_argument("version", nargs="?")
    parser.add_argument("--service", help="restart this one alone")
    parser.add_argument("--patience", type=float, default=900.0)
    parser.add_argument("--target", type=plain, help="version of the schema to go back to")
    parser.add_argument("--kept", type=plain, help="release that is gone back to")
    parser.add_argument("--plan", action="store_true", help="only say what would be done")
    parser.add_argument("--again", action="store_true", help="seed although it has been done")
    parser.add_argument("--deep", action="store_true", help="show what services say of stores")
    parser.add_argument("--all", action="store_true", help="start what answers nobody as well")
    parser.add_argument(
        "--restored", action="store_true", help="migrate what comes from a dump: no dump first"
    )
    given = parser.parse_args()
    try:
        application = load(given.application)
        if given.action == "return":
            # Started by a timer, so it waits for its turn itself.
            with LOCK.open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                give_up(application, given.version)
        elif given.action == "show":
            show(application, deep=given.deep)
        elif given.action == "leave":
            leave_rotation(application)
        elif given.action == "pause":
            pause(application)
        elif given.action == "start":
            start_again(application, everything=given.all)
        elif given.action == "resume":
            resume(application)
        elif given.action == "restart":
            restart(application, given.service, given.patience)
        elif given.action == "stage":
            stage(application, given.version)
        elif given.action == "publish":
            publish(application, given.version)
        elif given.action == "migrate":
            migrate(application, given.version, restored=given.restored)
        elif given.action == "down":
            go_down(application, given.version, given.target, given.kept, only_planned=given.plan)
        elif given.action == "seed":
            seed(application, given.version, again=given.again)
        elif given.action == "switch":
            switch(application, given.version, given.patience)
        else:
            confirm(application, given.version, given.patience)
    except RefusedError as why:
        print(why, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
