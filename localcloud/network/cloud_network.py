"""The one network of a local cloud, shared by everything that attaches to it."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Network
from pathlib import Path

from localcloud.authority import Authority
from localcloud.network.attached import Attached
from localcloud.network.firewall import Firewall, Flow, Rules
from localcloud.network.names import Resolver
from localcloud.network.namespace import Namespace, NetworkError


class CloudNetwork:
    """Namespace, resolver and firewall; each owner says what it has attached."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.directory = directory
        self.namespace = Namespace(directory)
        self.resolver = Resolver(directory, self.namespace)
        self._firewall = Firewall(self.namespace)
        self._lock = threading.Lock()
        self._vpcs: set[IPv4Network] = set()
        self._made = False
        self._attached = Attached(directory)
        self._authority: Authority | None = None

    def ensure(self, vpc: IPv4Network | None = None) -> None:
        """Make the network, and let it carry this VPC."""
        with self._lock:
            if self._made and (vpc is None or vpc in self._vpcs):
                return
            for other in self._vpcs:
                if vpc and other.overlaps(vpc):
                    raise NetworkError(
                        f"The VPCs {other} and {vpc} overlap; the local cloud has one bridge for "
                        "both, so give one of them another range."
                    )
            self._vpcs |= {vpc} if vpc else set()
            self.namespace.ensure(self._vpcs)
            self.resolver.ensure()
            self._made = True

    def attach(self, owner: str, members: Mapping[str, Iterable[str]]) -> None:
        """Say all an owner's addresses and the security groups that each is in."""
        with self._lock:
            self._attached.attach(owner, members)

    def join(self, owner: str, joined: Sequence[Flow]) -> None:
        """Say who reaches whom behind the security groups' back, as AWS's own parts do."""
        with self._lock:
            self._attached.join(owner, joined)

    @property
    def authority(self) -> Authority:
        """Who signs the certificates of this cloud's endpoints."""
        with self._lock:
            if self._authority is None:
                self._authority = Authority(self.directory / "authority")
            return self._authority

    def filter(self, rules: Rules) -> None:
        """Let through what the groups' rules allow, and nothing else."""
        with self._lock:
            self._firewall.apply(rules, self._attached.members, self._attached.flows)

    def destroy(self) -> None:
        self.resolver.stop()
        self.namespace.destroy()


_networks: dict[Path, CloudNetwork] = {}
_lock = threading.Lock()


def network_of(state: Path) -> CloudNetwork:
    """The network of the local cloud whose state lies here; the same object for all who ask."""
    directory = state.resolve() / "network"
    with _lock:
        return _networks.setdefault(directory, CloudNetwork(directory))
