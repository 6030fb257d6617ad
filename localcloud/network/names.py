"""The resolver: names that the control plane has given out, and not one more."""

import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from localcloud import whole_file
from localcloud.network import addresses
from localcloud.network.namespace import Namespace
from localcloud.recorded_process import Recorded

# One that is told of a name before it says what it does then has ended, and with it all names.
START_TIMEOUT = 120.0


class Resolver:
    """dnsmasq in the network, fed from one file; each owner replaces its own names."""

    def __init__(self, directory: Path, network: Namespace) -> None:
        self._directory = directory
        self._network = network
        self._hosts = directory / "hosts"
        self._known: dict[str, Mapping[str, Sequence[str]]] = {}
        self._process = Recorded(directory / "dnsmasq.json")
        # Owners are threads of their own.
        self._lock = threading.Lock()

    def ensure(self) -> None:
        with self._lock:
            self._ensure()

    def _ensure(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        (self._directory / "names").mkdir(exist_ok=True)
        self._hosts.touch()
        if self._process.pid is None:
            command = [
                *("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root"),
                *("--no-resolv", "--no-hosts", "--local=/#/", "--local-ttl=1", "--bind-interfaces"),
                *("--except-interface=lo", f"--listen-address={addresses.RESOLVER}"),
                f"--listen-address={self._network.public[2]}",
                *(f"--addn-hosts={self._hosts}", "--pid-file="),
            ]
            self._process.start(
                self._network.inside(command),
                output=self._directory / "dnsmasq.log",
                environment={"PATH": os.environ["PATH"]},
            )
        self._wait_until_it_may_be_told()
        # It may not have heard of what was written right before a kill.
        self._process.signal(signal.SIGHUP)

    def _wait_until_it_may_be_told(self) -> None:
        """Before it says what it does on SIGHUP, the first new name would end it."""
        deadline = time.monotonic() + START_TIMEOUT
        while self._process.pid and not self._process.catches(signal.SIGHUP):
            if time.monotonic() > deadline:
                return
            time.sleep(0.01)

    def announce(self, owner: str, names: Mapping[str, Sequence[str]]) -> None:
        """Make these all the names of one owner: name → its addresses."""
        lines = "".join(
            f"{address} {name}\n" for name, all in sorted(names.items()) for address in all
        )
        with self._lock:
            self._known[owner] = names
            path = self._directory / "names" / owner
            if not path.exists() or path.read_text() != lines:
                whole_file.write(path, lines)
            every = sorted((self._directory / "names").glob("[!.]*"))
            text = "".join(owner.read_text() for owner in every)
            if self._hosts.exists() and self._hosts.read_text() == text:
                return
            # dnsmasq may read it at any moment, and rereads it on SIGHUP.
            whole_file.write(self._hosts, text)
            self._process.signal(signal.SIGHUP)

    def lookup(self, name: str) -> Sequence[str]:
        """The addresses that somebody has announced for a name."""
        with self._lock:
            return next((names[name] for names in self._known.values() if name in names), ())

    def stop(self) -> None:
        self._process.stop()
