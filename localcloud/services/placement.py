"""Where a store stands in the VPC: an address of one of its subnets, kept until it is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from localcloud.control_plane.reconciler import Cloud


@dataclass(frozen=True, kw_only=True)
class Place:
    address: str
    vpc: IPv4Network

    @classmethod
    def of(cls, address: str, vpc: str) -> "Place":
        return cls(address=address, vpc=IPv4Network(vpc))

    @property
    def network(self) -> IPv4Network:
        """This address alone."""
        return IPv4Network(self.address)

    @property
    def interface(self) -> str:
        """The address as it is put on the bridge."""
        return f"{self.address}/{self.vpc.prefixlen}"


def take(
    cloud: Cloud, region: str, subnet_ids: Sequence[str], owner: str, zone: str | None = None
) -> Place:
    """The owner's address, the same at every call; call inside changing()."""
    ec2 = cloud.backend("ec2", region)
    subnets = [ec2.get_subnet(subnet_id) for subnet_id in subnet_ids] or list(
        ec2.get_default_subnets().values()
    )
    chosen = next((s for s in subnets if s.availability_zone == zone), subnets[0])
    mine = [(s, a) for s in subnets for a, who in s._subnet_ips.items() if who == owner]
    subnet, address = mine[0] if mine else (chosen, chosen.get_available_subnet_ip(owner))
    return Place(address=address, vpc=IPv4Network(ec2.get_vpc(subnet.vpc_id).cidr_block))


def give_back(cloud: Cloud, region: str, owner: str) -> None:
    """Free whatever addresses an owner has; call inside changing()."""
    for subnets in cloud.backend("ec2", region).subnets.values():
        for subnet in list(subnets.values()):
            for address in _held(subnet, owner):
                subnet.del_subnet_ip(address)


def _held(subnet: Any, owner: str) -> list[str]:
    return [address for address, who in subnet._subnet_ips.items() if who == owner]
