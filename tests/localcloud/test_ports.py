"""A port that is chosen now is still free when it is needed."""

import socket
from pathlib import Path

import pytest

from localcloud import ports
from localcloud.error import LocalCloudError

GIVEN = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_no_port_is_chosen_that_the_kernel_gives_to_whoever_asks_for_none() -> None:
    first, _ = map(int, GIVEN.read_text().split())
    if first <= ports.KEPT_APART[-1]:
        pytest.skip("this machine's kernel gives others than by default")

    assert all(ports.any_free() < first for _ in range(100))
    assert ports.is_free(ports.any_free())


def test_one_that_is_held_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as somebody:
        somebody.bind((ports.LOOPBACK, 0))
        held = somebody.getsockname()[1]
        monkeypatch.setattr(ports, "KEPT_APART", range(held, held + 1))

        with pytest.raises(LocalCloudError, match="is in use"):
            ports.any_free()
