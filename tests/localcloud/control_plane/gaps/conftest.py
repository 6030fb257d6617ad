"""A client of moto with its gaps filled; with STOCK_MOTO=1 of moto as it comes, where all fail."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localcloud.control_plane import gaps
from tests import emulated_account


@pytest.fixture
def client() -> Iterator[Callable[[str], Any]]:
    if not os.environ.get("STOCK_MOTO"):
        gaps.fill()
    with emulated_account.emulated_account():
        yield emulated_account.client
