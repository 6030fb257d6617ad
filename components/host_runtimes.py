"""The runtimes that machines find: Debian's own, or archives that travel in the artifact bucket."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from hosts.roles.node_runtime import NodeRuntime, PinnedArchive, Pm2Runtime
from settings.application import Node, Pm2, Service
from settings.instance_types import architecture_of
from settings.stack import RuntimeArchive, Stack

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, kw_only=True)
class Runtimes:
    """Those for machines of one architecture."""

    packed: Mapping[str, RuntimeArchive]
    bucket: str
    architecture: str  # x86_64 or arm64

    @classmethod
    def on(cls, stack: Stack, instance_type: str) -> Self:
        return cls(
            packed=stack.runtimes,
            bucket=stack.artifacts,
            architecture=architecture_of(instance_type),
        )

    @property
    def pm2(self) -> Pm2Runtime:
        return Pm2Runtime(archive=self._archive("pm2"))

    def node(self, major: int) -> NodeRuntime:
        name = f"node-{major}"
        archive = self._archive(name) if name in self.packed else None
        return NodeRuntime(major=major, archive=archive)

    def node_of(self, service: Service) -> NodeRuntime | None:
        """What a service of Node runs on; None for others."""
        runtime = service.runtime
        return self.node(runtime.node) if isinstance(runtime, Pm2 | Node) else None

    def command_path(self, service: Service) -> str:
        """PATH of a command of a service's release."""
        node = self.node_of(service)
        return f"{node.executable.rpartition('/')[0]}:{SYSTEM_PATH}" if node else SYSTEM_PATH

    def _archive(self, name: str) -> PinnedArchive:
        packed = self.packed[name]
        return PinnedArchive(
            bucket=self.bucket,
            key=f"runtimes/{name.split('-')[0]}-{packed.version}-{self.architecture}.tar.gz",
            sha256=packed.sha256["arm64" if self.architecture == "arm64" else "x86_64"],
            version=packed.version,
        )
