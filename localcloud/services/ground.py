"""What every store stands on."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from localcloud.control_plane.reconciler import Cloud
from localcloud.machines.image import Image
from localcloud.network.cloud_network import CloudNetwork
from localcloud.services.node import Node


@dataclass(frozen=True, kw_only=True)
class Ground:
    cloud: Cloud
    directory: Path
    """A folder in it for each server."""
    network: CloudNetwork
    image: Image
    workers: ThreadPoolExecutor

    def node(self, name: str, user: str) -> Node:
        """The container of the folder NAME, whose files belong to a user of the image."""
        return Node(self.directory / name, self.network, self.image, user)
