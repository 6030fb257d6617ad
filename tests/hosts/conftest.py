"""Machines for host scripts to run on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """An unbooted machine: its systemctl, apt-get, ufw... only keep books."""
    with Machine(tmp_path) as running:
        yield running
