"""What RDS needs of a database server, whichever it is."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class ServerError(Exception):
    """What the server answered."""


def answers_soon(ready: Callable[[], bool], within: float) -> bool:
    """Whether a server that was started is ready within so many seconds."""
    deadline = time.monotonic() + within
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@dataclass(frozen=True, kw_only=True)
class Source:
    """Whom a replica follows."""

    address: str
    port: int
    password: str
    slot: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that decides a server's configuration."""

    identifier: str
    port: int
    parameters: Mapping[str, str]
    source: Source | None = None
    # The application name of a standby that every commit waits for.
    synchronous: str = ""


class Server(Protocol):
    """One server in its container."""

    @property
    def served(self) -> str:
        """What really answers, by name and version."""
        ...

    @property
    def user(self) -> str:
        """Whom its files belong to."""
        ...

    def configure(self, settings: Settings) -> tuple[bool, list[str]]:
        """Whether the server has yet to be told, and the parameters that it does not have."""
        ...

    def start(self, address: str, snapshots: Path) -> None: ...

    def stop(self) -> None: ...

    def reload(self) -> None: ...

    def ready(self) -> bool: ...

    def lag_seconds(self) -> float:
        """Of a replica: how far it is behind."""
        ...

    def bootstrap(self, master: str, database: str | None, replicator: str) -> None: ...

    def set_password(self, role: str, password: str) -> None: ...

    def ensure_slot(self, slot: str) -> None:
        """Keep for a replica what it has not read yet."""
        ...

    def drop_slot(self, slot: str) -> None: ...

    def follow(self, source: Source) -> None:
        """Become a replica, where its data do not say so already."""
        ...

    def promote(self) -> None: ...

    def back_up(self, into: str) -> None:
        """A consistent copy of the running server's data, in a snapshot's directory."""
        ...
