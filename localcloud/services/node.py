"""One server process with its own address, certificate and data: what every kind of store is."""

import contextlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from localcloud import whole_file
from localcloud.machines.container import Container, Service
from localcloud.machines.image import Image
from localcloud.network.cloud_network import CloudNetwork

# Where a server finds its files inside.
DATA = "/var/lib/store/data"
CONFIG = "/var/lib/store/config"
SNAPSHOTS = "/var/lib/store/snapshots"


class Node:
    """Found again by its directory; what it was told lies beside it."""

    def __init__(self, directory: Path, network: CloudNetwork, image: Image, user: str) -> None:
        self.directory = directory
        self.container = Container(directory, network.namespace)
        self._network = network
        self._image = image
        self._user = user

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def config(self) -> Path:
        return self.directory / "config"

    @cached_property
    def owner(self) -> tuple[int, int]:
        """The server's user, as the image numbers it."""
        for line in (self._image.root / "etc/passwd").read_text().splitlines():
            name, _, uid, gid, *_ = line.split(":")
            if name == self._user:
                return int(uid), int(gid)
        raise KeyError(self._user)

    def prepare(self) -> None:
        self.directory.mkdir(mode=0o700, exist_ok=True)
        for place in (self.data, self.config):
            if not place.exists():
                place.mkdir(mode=0o700)
                os.chown(place, *self.owner)

    def configure(self, files: Mapping[str, str]) -> None:
        """Write what differs, readable by the server alone."""
        for name, text in files.items():
            if self._differs(name, text):
                whole_file.write(self.config / name, text, mode=0o600, owner=self.owner)

    def owes(self, files: Mapping[str, str]) -> bool:
        """As `configure`; whether the server has yet to be told, be it since an earlier try to do
        so failed or was killed before it was `paid`."""
        if any(self._differs(name, text) for name, text in files.items()):
            self.remember(owes=True)
            self.configure(files)
        return self.recall("owes", False)

    def paid(self) -> None:
        """The server runs with its files as they are."""
        if self.recall("owes"):
            self.remember(owes=False)

    def _differs(self, name: str, text: str) -> bool:
        path = self.config / name
        return not path.exists() or path.read_text() != text

    def certify(self, names: Sequence[str], address: str) -> None:
        """Give it a certificate for its names, once for each set of them."""
        wanted = [*sorted(names), address]
        if self.recall("certified") == wanted and (self.config / "server.crt").exists():
            return
        issued = self._network.authority.issue(sorted(names), [address])
        self.configure(
            {
                "server.crt": issued.certificate,
                "server.key": issued.key,
                "ca.crt": self._network.authority.certificate,
            }
        )
        self.remember(certified=wanted)

    def start(
        self,
        command: Sequence[str],
        address: str,
        *,
        restarts: bool = True,
        writable: Mapping[Path, str] | None = None,
    ) -> None:
        self.container.start(
            Service(
                image=self._image.root,
                command=command,
                addresses=[address],
                restarts=restarts,
                writable={self.data: DATA, **(writable or {})},
                readable={self.config: CONFIG},
            )
        )

    def recall(self, name: str, otherwise: Any = None) -> Any:
        return self._memory().get(name, otherwise)

    def remember(self, **values: Any) -> None:
        text = json.dumps({**self._memory(), **values})
        whole_file.write(self.directory / "memory.json", text, mode=0o600)

    def _memory(self) -> dict[str, Any]:
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            return json.loads((self.directory / "memory.json").read_text())
        return {}

    def empty(self) -> None:
        """Forget all data, and that there ever was any."""
        for entry in self.data.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
