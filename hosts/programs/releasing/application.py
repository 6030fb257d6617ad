"""What this host knows of an application and its services."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


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
