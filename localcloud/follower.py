"""What all that follows the control plane have in common: a thread that never gives up, workers,
and a status that says why nothing is served."""

import logging
import threading
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localcloud.control_plane.reconciler import Cloud
from localcloud.error import LocalCloudError
from localcloud.network.cloud_network import CloudNetwork, network_of
from localcloud.status_file import StatusFile

log = logging.getLogger(__name__)


class Follower(ABC):
    """Serves reconciler.Reconciler: brings what it cares for to what the control plane says."""

    name: str
    patience = 1.0
    """Seconds after which it looks, though nothing has changed."""

    _cloud: Cloud
    _directory: Path
    _network: CloudNetwork
    _status: StatusFile

    def __init__(self, workers: int) -> None:
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._workers = ThreadPoolExecutor(max_workers=workers, thread_name_prefix=self.name)

    def start(self, cloud: Cloud, state_dir: Path) -> None:
        self._cloud = cloud
        self._directory = state_dir
        self._network = network_of(state_dir.parent)
        self._status = StatusFile(state_dir)
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread:
            self._thread.join(timeout=30)
        self._workers.shutdown(wait=True)

    def _run(self) -> None:
        try:
            self._prepare()
        except LocalCloudError as error:
            log.error("%s: %s", self.name, error)
            self._status.fail(str(error))
            return
        except Exception as error:
            # Whoever waits for what is served is told that nothing will be.
            log.exception("%s could not begin", self.name)
            self._status.fail(repr(error))
            return
        generation = -1
        while not self._stopping.is_set():
            generation = self._cloud.wait_for_change(generation, timeout=self.patience)
            try:
                self._reconcile()
            except Exception:
                # One bad record must not end the care for all others.
                log.exception("%s could not be brought up to date", self.name)
                self._stopping.wait(1)
        self._leave()

    @abstractmethod
    def _prepare(self) -> None:
        """What has to be there before anything can be served."""

    @abstractmethod
    def _reconcile(self) -> None:
        """Once through everything."""

    def _leave(self) -> None:
        """Give back what was prepared; as a rule there is nothing."""
        return
