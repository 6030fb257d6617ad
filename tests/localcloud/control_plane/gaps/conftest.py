"""A client of moto with its gaps filled; with STOCK_MOTO=1 of moto as it comes, where all fail."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

import localcloud.control_plane  # noqa: F401 - sets what moto reads while it is imported
from localcloud.control_plane import gaps

REGION = "eu-west-1"


@pytest.fixture(scope="session")
def clients() -> Iterator[dict[str, Any]]:
    """One moto for all tests: making every backend anew takes seconds."""
    from moto import mock_aws

    if not os.environ.get("STOCK_MOTO"):
        gaps.fill()
    with mock_aws():
        yield {}


@pytest.fixture
def client(clients: dict[str, Any]) -> Iterator[Callable[[str], Any]]:
    from localcloud.control_plane.cloud import backends_in_use

    def made(service: str) -> Any:
        if service not in clients:
            clients[service] = boto3.client(
                service,
                region_name=REGION,
                aws_access_key_id="emulated",
                aws_secret_access_key="emulated",
            )
        return clients[service]

    yield made
    for (service, _, _), backend in backends_in_use():
        if service in clients:
            backend.reset()
