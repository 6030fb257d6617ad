"""A way through Session Manager that cannot be: said before anything is begun."""

import socket

import pytest

from hosts import port_forward
from hosts.port_forward import LOOPBACK, ForwardError, free_port, start

INSTANCE = "i-0aaaaaaaaaaaaaaaa"


def test_a_missing_plugin_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        port_forward.shutil, "which", lambda name: "/usr/bin/aws" if name == "aws" else None
    )

    with pytest.raises(ForwardError, match="session-manager-plugin on PATH"):
        start(INSTANCE, "eu-west-1", free_port())


def test_a_port_that_another_run_holds_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_forward.shutil, "which", lambda name: f"/usr/bin/{name}")
    with socket.create_server((LOOPBACK, 0)) as other:
        port = int(other.getsockname()[1])

        with pytest.raises(ForwardError, match=f"Port {port} of this machine is taken"):
            start(INSTANCE, "eu-west-1", port)
