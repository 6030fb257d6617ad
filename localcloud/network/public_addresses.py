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


def in_use() -> set[str]:
    """Every public address that some interface has or somebody has reserved."""
    taken: set[str] = set()
    for account in get_backend("ec2").values():
        for backend in account.values():
            taken.update(eni.public_ip for eni in backend.enis.values() if eni.public_ip)
            taken.update(address.public_ip for address in backend.addresses)
    return taken
