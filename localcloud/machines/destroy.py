"""Takes a local cloud's machines, services and network away, whoever started them."""

import contextlib
import os
import signal
from pathlib import Path

from localcloud.machines.container import (
    Container,
    cgroup_parents,
    processes_in,
    remove_cgroup,
)
from localcloud.network.cloud_network import CloudNetwork


def destroy(state: Path) -> None:
    """Leave no process, mount, link, namespace or cgroup, also where only half was made."""
    network = CloudNetwork(state.resolve() / "network")
    for record in sorted(state.resolve().glob("*/*/keeper.json")):
        Container(record.parent, network.namespace).remove()
    for parent in cgroup_parents(network.namespace):
        # Whose directory is lost is still known by where its processes are counted.
        for process in processes_in([parent]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        remove_cgroup(parent)
        with contextlib.suppress(OSError):
            parent.parent.rmdir()
    network.destroy()
