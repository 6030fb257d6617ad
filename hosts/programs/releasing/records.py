"""What a host remembers of releases: which versions served, and what is owed to services."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hosts.programs.releasing.application import Application

OWED = Path("/var/lib/groundwork/owed")
RECORDS = Path("/var/lib/groundwork/releases")
REMEMBERED = 20


def record(application: Application) -> dict[str, Any]:
    path = RECORDS / f"{application.name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def note(application: Application, **facts: str | list[str] | None) -> None:
    path = RECORDS / f"{application.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".fresh")
    fresh.write_text(json.dumps({**record(application), **facts}))
    fresh.replace(path)


def history(known: dict[str, Any], version: str) -> list[str]:
    """The confirmed versions in their order, up to this one: who goes back forgets what came."""
    before = known.get("history") or [known["confirmed"]] * bool(known.get("confirmed"))
    earlier = before[: before.index(version)] if version in before else before
    return [*earlier, version][-REMEMBERED:]


def owed(kind: str, application: str) -> set[str]:
    marks = OWED / kind / application
    return {mark.name for mark in marks.iterdir()} if marks.exists() else set()


def owe(kind: str, application: str, unit: str) -> None:
    marks = OWED / kind / application
    marks.mkdir(parents=True, exist_ok=True)
    (marks / unit).touch()


def paid(kind: str, application: str, unit: str) -> None:
    (OWED / kind / application / unit).unlink(missing_ok=True)


def debts(application: Application) -> set[str]:
    return {
        *owed("restart", application.name),
        *owed("exchange", application.name),
        *owed("restart", "host"),
        *owed("removal", application.name),
    }
