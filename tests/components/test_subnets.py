from collections.abc import Sequence
from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.subnets import (
    SMALLEST_PREFIX,
    WIDEST_PREFIX,
    ZONES,
    NetworkTooSmallError,
    share_out,
)

networks = st.builds(
    lambda second, prefix: str(IPv4Network(f"10.{second}.0.0/{prefix}", strict=False)),
    st.integers(0, 255),
    st.integers(WIDEST_PREFIX, SMALLEST_PREFIX),
)
zones = st.lists(st.sampled_from(ZONES), min_size=1, unique=True)


def blocks(cidr: str, letters: Sequence[str]) -> list[IPv4Network]:
    return [block for places in share_out(cidr, letters).values() for block in places.values()]


@given(networks, zones)
def test_no_two_subnets_share_an_address(cidr: str, letters: list[str]) -> None:
    assert not any(a.overlaps(b) for a, b in combinations(blocks(cidr, letters), 2))


@given(networks, zones)
def test_every_subnet_lies_within_the_network(cidr: str, letters: list[str]) -> None:
    assert all(block.subnet_of(IPv4Network(cidr)) for block in blocks(cidr, letters))


@given(networks, zones)
def test_a_load_balancer_fits_into_every_subnet(cidr: str, letters: list[str]) -> None:
    assert all(block.prefixlen <= 27 for block in blocks(cidr, letters))


@given(networks, zones, st.sampled_from(ZONES))
def test_a_zone_more_moves_no_subnet(cidr: str, letters: list[str], added: str) -> None:
    before = share_out(cidr, letters)
    after = share_out(cidr, sorted({*letters, added}))

    for tier, places in before.items():
        assert places.items() <= after[tier].items()


@given(networks, zones)
def test_every_tier_is_in_every_zone(cidr: str, letters: list[str]) -> None:
    tiers = share_out(cidr, letters)

    assert set(tiers) == {"public", "private", "isolated"}
    assert all(set(places) == set(letters) for places in tiers.values())


@pytest.mark.parametrize("cidr", ["10.0.0.0/23", "10.0.0.0/28", "10.0.0.0/15"])
def test_a_range_that_cannot_hold_the_tiers_is_refused_by_name(cidr: str) -> None:
    with pytest.raises(NetworkTooSmallError, match=cidr):
        share_out(cidr, "ab")


@pytest.mark.parametrize("zone", ["z", "ab", "1", ""])
def test_a_zone_is_one_letter(zone: str) -> None:
    with pytest.raises(ValueError, match="one letter"):
        share_out("10.0.0.0/16", [zone])


def test_the_places_are_for_ever() -> None:
    """A subnet that moves is a subnet destroyed, with whatever stands in it."""
    assert {
        tier: {zone: str(block) for zone, block in places.items()}
        for tier, places in share_out("10.20.0.0/16", "ac").items()
    } == {
        "public": {"a": "10.20.128.0/21", "c": "10.20.144.0/21"},
        "private": {"a": "10.20.0.0/20", "c": "10.20.32.0/20"},
        "isolated": {"a": "10.20.192.0/21", "c": "10.20.208.0/21"},
    }
