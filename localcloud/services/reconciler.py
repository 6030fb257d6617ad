"""Keeps databases and caches in agreement with the control plane."""

import logging

from localcloud.follower import Follower
from localcloud.machines import image
from localcloud.services.caches import Caches
from localcloud.services.databases import Databases
from localcloud.services.ground import Ground

log = logging.getLogger(__name__)


class Services(Follower):
    """Both kinds of store, on one network."""

    name = "services"

    def __init__(self) -> None:
        super().__init__(workers=8)

    def _prepare(self) -> None:
        services = image.ensure(image.SERVICES, progress=log.info)
        self._network.ensure()
        ground = Ground(
            cloud=self._cloud,
            directory=self._directory,
            network=self._network,
            image=services,
            workers=self._workers,
        )
        self._stores = (Databases(ground), Caches(ground))

    def _reconcile(self) -> None:
        for kind in self._stores:
            kind.reconcile()
        members = {a: groups for kind in self._stores for a, groups in kind.members().items()}
        self._network.attach(self.name, members)
        names = {name: at for kind in self._stores for name, at in kind.names().items()}
        self._network.resolver.announce(self.name, names)
        self._status.write([one for kind in self._stores for one in kind.status()])
