"""Which ports of the loopback are free, and who holds one that is not."""

import random
import socket
from pathlib import Path

from localcloud.error import LocalCloudError

LOOPBACK = "127.0.0.1"
LISTENING = "0A"
# Below those that the kernel gives to whoever asks for none (net.ipv4.ip_local_port_range): a port
# that is kept for later, or for a restart, must not be somebody's connection in between.
KEPT_APART = range(20_000, 32_000)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def any_free() -> int:
    """One that nobody holds now, and that nobody is given by chance."""
    tried = random.sample(KEPT_APART, len(KEPT_APART))
    found = next((port for port in tried if is_free(port)), None)
    if found is None:
        raise LocalCloudError(
            f"Every port from {KEPT_APART[0]} to {KEPT_APART[-1]} is in use.",
            "End what listens there, or choose a port with GROUNDWORK_PORT=N.",
        )
    return found


def holder(port: int) -> str:
    """The process that listens there, in words; as far as one may look."""
    inodes = {f"socket:[{inode}]" for inode in _listening(port)}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if any(str(link.readlink()) in inodes for link in (folder / "fd").iterdir()):
                return f"process {folder.name} ({(folder / 'comm').read_text().strip()})"
        except OSError:
            continue
    return "another process"


def _listening(port: int) -> list[str]:
    found: list[str] = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                found.append(fields[9])
    return found
