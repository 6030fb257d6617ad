from ipaddress import IPv4Network

import pytest

from localcloud.network import addresses


def test_public_addresses_come_from_a_block_that_nobody_on_the_internet_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(addresses.PUBLIC_VARIABLE, raising=False)
    assert addresses.public_network() == IPv4Network("198.18.113.0/24")


def test_a_second_cloud_may_take_another_reserved_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(addresses.PUBLIC_VARIABLE, "198.19.100.0/24")
    assert addresses.public_network() == IPv4Network("198.19.100.0/24")


@pytest.mark.parametrize("wrong", ["8.8.8.0/24", "10.0.0.0/8", "198.18.113.1/24", "home"])
def test_a_block_of_somebody_else_is_refused_by_name(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(addresses.PUBLIC_VARIABLE, wrong)
    with pytest.raises(ValueError, match=wrong):
        addresses.public_network()
