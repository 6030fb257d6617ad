"""Speaks to a running HAProxy: what each server is, new ones, those that leave, a new file."""

import csv
import io
import socket
from dataclasses import dataclass
from pathlib import Path

from localcloud.load_balancer import haproxy
from localcloud.load_balancer.model import Target, TargetGroup
from localcloud.machines.container import Container
from localcloud.services.server import ServerError, answers_soon

# What `add server` and its like say when they have done it.
QUIET = ("", "New server registered.", "Server deleted.", "Server is now in maintenance.")


@dataclass(frozen=True, kw_only=True)
class Observed:
    """One server as the proxy sees it."""

    group: str
    name: str
    address: str
    port: int
    # UP, DOWN, MAINT, "DOWN 1/2", "no check" …
    status: str
    check: str
    check_code: str
    sessions: int

    @property
    def up(self) -> bool:
        return self.status.startswith("UP")

    @property
    def passed_once(self) -> bool:
        """Down, but its last check went well."""
        return self.status.startswith("DOWN") and self.check in ("L7OK", "L4OK", "L6OK")

    @property
    def checked(self) -> bool:
        return self.check not in ("", "INI", "UNK")


class Runtime:
    """The proxy's two sockets; they lie in its container, and are reached through its root."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def ask(self, command: str, path: str = haproxy.WORKER_SOCKET) -> str:
        leader = self._container.leader
        if leader is None:
            raise ServerError("is not running")
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(30)
                connection.connect(f"/proc/{leader}/root{path}")
                connection.sendall(f"{command}\n".encode())
                connection.shutdown(socket.SHUT_WR)
                return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        except OSError as error:
            raise ServerError(f"does not answer: {error}") from error

    def ready(self) -> bool:
        try:
            return "Version:" in self.ask("show info")
        except ServerError:
            return False

    def wait_until_ready(self, within: float = 20) -> None:
        if not answers_soon(self.ready, within):
            raise ServerError("did not start")

    def servers(self) -> dict[tuple[str, str], Observed]:
        """All servers of all groups."""
        table = self.ask("show stat -1 4 -1").removeprefix("# ")
        found: dict[tuple[str, str], Observed] = {}
        for row in csv.DictReader(io.StringIO(table)):
            address, _, port = row["addr"].rpartition(":")
            one = Observed(
                group=row["pxname"],
                name=row["svname"],
                address=address,
                port=int(port or 0),
                status=row["status"],
                check=row["check_status"].removeprefix("* "),
                check_code=row["check_code"],
                sessions=int(row["scur"] or 0),
            )
            found[one.group, one.name] = one
        return found

    def add(self, group: TargetGroup, target: Target) -> None:
        """A new server gets no request before a check of it went well."""
        server = f"{group.name}/{target.name}"
        # Enabled, it counts as well: so its weight comes last.
        self._do(f"add server {server} {haproxy.server_options(group, target)} weight 0")
        self._do(f"enable health {server}")
        self._do(f"enable server {server}")
        self._do(f"set server {server} health down")
        self._do(f"set server {server} weight 1")

    def trust(self, observed: Observed) -> None:
        """One good check is enough for a target that is new."""
        self._do(f"set server {observed.group}/{observed.name} health up")

    def withdraw(self, observed: Observed) -> None:
        """Nobody new is sent there; those on their way arrive."""
        self._do(f"set server {observed.group}/{observed.name} state drain")

    def close(self, observed: Observed) -> None:
        """Nor do those come any more who were there before; requests under way are finished."""
        self._do(f"set server {observed.group}/{observed.name} state maint")

    def remove(self, observed: Observed) -> None:
        server = f"{observed.group}/{observed.name}"
        self._do(f"set server {server} state maint")
        self._do(f"shutdown sessions server {server}")
        self._do(f"del server {server}")

    def save_state(self, path: Path) -> None:
        """What the servers' checks have found so far, for the worker to come."""
        path.write_text(self.ask("show servers state"))

    def reload(self) -> None:
        """A new worker takes over the listening sockets; the old one finishes what it has."""
        said = self.ask("reload", haproxy.MASTER_SOCKET)
        if "Success=1" not in said:
            raise ServerError(f"did not take its new configuration: {said.strip()}")

    def _do(self, command: str) -> None:
        said = self.ask(command).strip()
        if said not in QUIET:
            raise ServerError(f"`{command}`: {said}")
