"""How a network's addresses are shared out: arithmetic alone."""

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Literal, get_args

Tier = Literal["public", "private", "isolated"]
TIERS: tuple[Tier, ...] = get_args(Tier)

# No AWS region has more zones than this, so every letter has a place of its own from the start.
ZONES = "abcdefgh"
# A load balancer wants a /27 or wider (Elastic Load Balancing guide), which a /22 just gives.
SMALLEST_PREFIX = 22
# AWS makes no network wider than this (VPC guide).
WIDEST_PREFIX = 16


class NetworkTooSmallError(ValueError):
    """The range cannot hold the tiers."""


def share_out(cidr: str, zones: Sequence[str]) -> dict[Tier, dict[str, IPv4Network]]:
    """Half the range is private, a quarter each public and isolated; a letter's place is fixed.

    So a zone added later takes addresses that nobody has, and moves nobody else's.
    """
    network = IPv4Network(cidr)
    if not WIDEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        raise NetworkTooSmallError(
            f"network {cidr}: the prefix must lie between /{WIDEST_PREFIX} and /{SMALLEST_PREFIX}"
        )
    unknown = [zone for zone in zones if zone not in ZONES or len(zone) != 1]
    if unknown:
        raise ValueError(f"zones {unknown}: a zone is one letter of {ZONES}")
    private, rest = network.subnets()
    public, isolated = rest.subnets()
    parts: dict[Tier, IPv4Network] = {"public": public, "private": private, "isolated": isolated}
    return {tier: {zone: _place(part, zone) for zone in zones} for tier, part in parts.items()}


def _place(part: IPv4Network, zone: str) -> IPv4Network:
    return list(part.subnets(prefixlen_diff=3))[ZONES.index(zone)]
