"""Clouds of tests that run at a time, or that were killed, never meet in a block of addresses."""

import os
from pathlib import Path

import pytest

from tests.e2e import public_blocks

# As the kernel writes them: 198.19.4.0/24 and 198.19.6.0/24 are on links.
ROUTES = """\
Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
gw-0a0a0a0a\t000413C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
gw-0b0b0b0b\t000613C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""


@pytest.fixture(autouse=True)
def _routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "route").write_text(ROUTES)
    monkeypatch.setattr(public_blocks, "ROUTES", tmp_path / "route")


def test_a_block_that_a_cloud_has_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 42)

    found = public_blocks.free("198.19", range(4, 8), count=2)

    assert found == ["198.19.5.0/24", "198.19.7.0/24"]


def test_two_processes_begin_at_different_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    found: set[str] = set()
    for process in (1000, 1001):
        monkeypatch.setattr(os, "getpid", lambda process=process: process)
        found.update(public_blocks.free("198.19", range(240), count=2))

    assert len(found) == 4


def test_where_every_block_is_in_use_it_is_said() -> None:
    with pytest.raises(AssertionError, match="is in use"):
        public_blocks.free("198.19", range(4, 7), count=2)
