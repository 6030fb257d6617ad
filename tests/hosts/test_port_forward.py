"""A way through Session Manager that cannot be: said before anything is begun."""

import os
import socket
import subprocess

import pytest

from hosts import port_forward
from hosts.port_forward import LOOPBACK, ForwardError, end, free_port, lives, start

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


def test_what_has_ended_is_not_waited_for_though_nobody_has_asked_after_it() -> None:
    session = subprocess.Popen(["true"], start_new_session=True)
    os.waitid(os.P_PID, session.pid, os.WEXITED | os.WNOWAIT)
    os.killpg(session.pid, 0)  # the kernel knows it still

    assert not lives(session.pid)

    session.wait()


def test_what_runs_is_waited_for() -> None:
    session = subprocess.Popen(["sleep", "60"], start_new_session=True, text=True)
    assert lives(session.pid)

    end(session)

    assert not lives(session.pid)
