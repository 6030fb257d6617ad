"""Keeps databases and caches in agreement with the control plane."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localcloud.control_plane.reconciler import Cloud
from localcloud.machines import image
from localcloud.machines.host import MachinesError
from localcloud.network.cloud_network import network_of
from localcloud.network.namespace import NetworkError
from localcloud.services.caches import Caches
from localcloud.services.databases import Databases
from localcloud.status_file import StatusFile

log = logging.getLogger(__name__)


class Services:
    """Serves reconciler.Reconciler."""

    name = "services"

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._workers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="store")

    def start(self, cloud: Cloud, state_dir: Path) -> None:
        self._cloud = cloud
        self._directory = state_dir
        self._status = StatusFile(state_dir)
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread:
            self._thread.join(timeout=30)
        self._workers.shutdown(wait=True)

    def _run(self) -> None:
        network = network_of(self._directory.parent)
        try:
            services = image.ensure(image.SERVICES, progress=log.info)
            network.ensure()
        except (MachinesError, NetworkError) as error:
            log.error("%s", error)
            self._status.fail(str(error))
            return
        where = (self._cloud, self._directory, network, services, self._workers)
        stores = (Databases(*where), Caches(*where))
        generation = -1
        while not self._stopping.is_set():
            generation = self._cloud.wait_for_change(generation, timeout=1.0)
            try:
                for kind in stores:
                    kind.reconcile()
                members = {a: groups for kind in stores for a, groups in kind.members().items()}
                network.attach(self.name, members)
                names = {n: at for kind in stores for n, at in kind.names().items()}
                network.resolver.announce(self.name, names)
                self._status.write([one for kind in stores for one in kind.status()])
            except Exception:
                # One bad record must not end the care for all other stores.
                log.exception("stores could not be brought up to date")
                self._stopping.wait(1)
