"""The network namespace that holds the bridge; what runs in it can reach nothing outside it."""

import ctypes
import fcntl
import hashlib
import os
import socket
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path

from localcloud.error import LocalCloudError
from localcloud.network import addresses
from localcloud.network.addresses import ENDPOINT, METADATA, RESOLVER

BRIDGE = "vpc"
ROUTER = "02:00:00:00:00:01"
CLONE_NEWNET = 0x40000000
# Where `ip` keeps namespaces by their names.
NAMES = Path("/run/netns")


class NetworkError(LocalCloudError):
    """Why the network cannot be made."""


class Namespace:
    """One local cloud's network. Making it again changes nothing; removing it removes all."""

    def __init__(self, directory: Path, public: IPv4Network | None = None) -> None:
        # Two clones on one machine must not meet, so the name follows from where the state lies.
        digest = hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:8]
        self.name = f"groundwork-{digest}"
        self.host_link = f"gw-{digest}"
        self.path = NAMES / self.name
        self.public = public or addresses.public_network()

    def ensure(self, vpcs: Iterable[IPv4Network] = ()) -> None:
        """Make what is missing: namespace, bridge, the host's link to it, the VPCs' routers."""
        if not self.exists():
            self._refuse_taken_range()
            with _alone():
                _run("ip", "netns", "add", self.name)
        wanted = {
            *(f"{address}/16" for address in (METADATA, RESOLVER, ENDPOINT)),
            f"{self.public[2]}/{self.public.prefixlen}",
        }
        self._batch(
            [
                "link set dev lo up",
                f"link add name {BRIDGE} type bridge",
                # Its own for good: else it is its lowest port's, and changes as machines come.
                f"link set dev {BRIDGE} address {ROUTER}",
                f"link set dev {BRIDGE} up",
            ]
        )
        found = set(self._addresses())
        self._batch(
            [
                *(f"addr del {address} dev {BRIDGE}" for address in sorted(found - wanted)),
                *(f"addr add {address} dev {BRIDGE}" for address in sorted(wanted - found)),
                # No address of the VPC is taken: all of them are the machines'.
                *(f"route add {vpc} dev {BRIDGE} src {METADATA}" for vpc in vpcs),
            ]
        )
        self._link_host()

    def exists(self) -> bool:
        return self.path.exists()

    def destroy(self) -> None:
        """Remove the namespace; its bridge, addresses and filters go with it."""
        if _link_exists(self.host_link):
            _run("ip", "link", "delete", "dev", self.host_link)
        with _alone():
            if self.exists():
                _run("ip", "netns", "delete", self.name)
            # `ip` mounts the folder on itself for the first namespace, and leaves it so.
            if NAMES.is_dir() and not any(NAMES.iterdir()):
                subprocess.run(["umount", NAMES], capture_output=True)

    def inside(self, command: Sequence[str]) -> list[str]:
        """The command, made to run in this network and otherwise where it would have run."""
        return ["nsenter", f"--net={self.path}", *command]

    def run(self, *command: str, text: str | None = None) -> str:
        return _run(*self.inside(command), text=text)

    def listen(self, address: str, port: int) -> socket.socket:
        """A listening socket of this network for a server that runs outside it."""
        made: list[socket.socket | OSError] = []

        def make() -> None:
            # Only this thread moves; its socket stays in the network it was made in.
            try:
                _enter(self.path)
                listener = socket.create_server((address, port), backlog=128)
                made.append(listener)
            except OSError as error:
                made.append(error)

        thread = threading.Thread(target=make, name="listen")
        thread.start()
        thread.join()
        [result] = made
        if isinstance(result, OSError):
            raise NetworkError(f"{address}:{port} cannot be served: {result.strerror}") from result
        return result

    def _batch(self, commands: Iterable[str]) -> None:
        for command in commands:
            done = subprocess.run(
                ["ip", "-n", self.name, *command.split()], capture_output=True, text=True
            )
            already_there = "File exists" in done.stderr or "already assigned" in done.stderr
            if done.returncode and not already_there:
                raise NetworkError(f"ip {command}: {done.stderr.strip()}")

    def _addresses(self) -> list[str]:
        shown = _run(*f"ip -n {self.name} -o -4 addr show dev {BRIDGE}".split())
        return [line.split()[3] for line in shown.splitlines()]

    def _link_host(self) -> None:
        """All of it each time: a kill may have come after the link and before its address."""
        if not _link_exists(self.host_link):
            _run(
                *f"ip link add name {self.host_link} type veth peer name internet".split(),
                *("netns", self.name),
            )
        self._batch([f"link set dev internet master {BRIDGE}", "link set dev internet up"])
        host = f"{self.public[1]}/{self.public.prefixlen}"
        _run("ip", "addr", "replace", host, "dev", self.host_link)
        _run("ip", "link", "set", "dev", self.host_link, "up")

    def _refuse_taken_range(self) -> None:
        """The host can have one cloud behind a range: the packets could not be told apart."""
        for line in _run("ip", "-o", "-4", "addr", "show").splitlines():
            _, link, _, address, *_ = line.split()
            taken = IPv4Network(address, strict=False)
            if link != self.host_link and taken.overlaps(self.public):
                ours = link.startswith("gw-")
                raise NetworkError(
                    f"{self.public} is in use on this machine by {link}. "
                    + ("Another local cloud is up: make down in its folder first." if ours else "")
                )


@contextmanager
def _alone() -> Iterator[None]:
    """One cloud of this machine at a time: a namespace that is made while another cloud unmounts
    their folder could never be removed."""
    descriptor = os.open(NAMES.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _enter(path: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    with path.open() as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _link_exists(name: str) -> bool:
    return (Path("/sys/class/net") / name).exists()


def _run(*command: str, text: str | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, input=text)
    if done.returncode:
        raise NetworkError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
