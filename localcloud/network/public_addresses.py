"""Public addresses that stay on this machine: moto's own ones belong to somebody."""

from ipaddress import IPv4Network
from typing import Any

import moto.ec2.models.elastic_ip_addresses
import moto.ec2.models.elastic_network_interfaces
from moto.backends import get_backend

# The lower part is for machines, the upper for what else has a public side.
MACHINES = range(10, 200)
BALANCERS = range(200, 250)


def install(network: IPv4Network) -> None:
    """From now on moto gives out free addresses of this network."""

    def free() -> str:
        taken = in_use()
        for number in MACHINES:
            if str(network[number]) not in taken:
                return str(network[number])
        raise RuntimeError(f"All {len(MACHINES)} public addresses of {network} are in use.")

    interfaces: Any = moto.ec2.models.elastic_network_interfaces
    elastic: Any = moto.ec2.models.elastic_ip_addresses
    interfaces.random_public_ip = free
    elastic.random_ip = free
    interfaces.NetworkInterface.stop = _stop
    interfaces.NetworkInterface.start = _start


def _elastic(interface: Any) -> str | None:
    for address in interface.ec2_backend.addresses:
        if address.eni is interface:
            return address.public_ip
    return None


def _stop(self: Any) -> None:
    """An elastic address stays with its interface; moto takes it away when a machine stops."""
    if self.public_ip_auto_assign:
        self.public_ip = _elastic(self)


def _start(self: Any) -> None:
    if not self.public_ip:
        self.check_auto_public_ip()


def in_use() -> set[str]:
    """Every public address that some interface has or somebody has reserved."""
    taken: set[str] = set()
    for account in get_backend("ec2").values():
        for backend in account.values():
            taken.update(eni.public_ip for eni in backend.enis.values() if eni.public_ip)
            taken.update(address.public_ip for address in backend.addresses)
    return taken
