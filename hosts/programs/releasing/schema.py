"""The database is brought along to the schema of a version, or back to an older one."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

from hosts.programs.releasing.application import Application, RefusedError
from hosts.programs.releasing.artifacts import prune, stage
from hosts.programs.releasing.changes import say
from hosts.programs.releasing.programs import PROGRAMS, ran
from hosts.programs.releasing.systemd import systemctl

REQUESTS = Path("/run/groundwork")


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
    done = ran(
        *("runuser", "-u", "groundwork-dumps", "--", f"{PROGRAMS}/dump", "dump", key),
        *("--reason", f"before {application.name} {version}"),
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
    said = ran(
        *("journalctl", "--quiet", "--output=cat", f"--since=@{began:.3f}"),
        f"--identifier={application.name}-migrate",
    ).stdout.strip()
    if not well:
        raise RefusedError(said or f"{unit} failed; see `journalctl -u {unit}`")
    print(said, flush=True)
