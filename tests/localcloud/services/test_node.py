"""What a server has yet to be told is not forgotten where that fails."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from localcloud.machines.image import Image
from localcloud.services.node import Node

FILES = {"server.conf": "port 1\n", "users": "one\n"}


@pytest.fixture
def node(tmp_path: Path) -> Node:
    (tmp_path / "root" / "etc").mkdir(parents=True)
    line = f"server:x:{os.geteuid()}:{os.getegid()}::/:/bin/sh\n"
    (tmp_path / "root" / "etc" / "passwd").write_text(line)
    network: Any = SimpleNamespace(namespace=None)
    made = Node(tmp_path / "main", network, Image(tmp_path), "server")
    made.prepare()
    return made


def test_a_server_is_told_what_differs_and_once(node: Node) -> None:
    assert node.owes(FILES)
    node.paid()
    assert not node.owes(FILES)
    assert node.owes({**FILES, "users": "two\n"})
    assert (node.config / "users").read_text() == "two\n"


def test_what_it_could_not_be_told_it_is_told_the_next_time(node: Node) -> None:
    """Be it another process that tries again."""
    assert node.owes(FILES)
    assert Node(node.directory, node._network, node._image, "server").owes(FILES)
    assert node.owes({"users": "one\n"})


def test_what_it_need_not_be_told_it_does_not_owe(node: Node) -> None:
    node.configure(FILES)
    assert not node.owes(FILES)
