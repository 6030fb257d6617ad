"""The way through Session Manager: by the real AWS CLI, to a port of this machine."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hosts.port_forward import LOOPBACK, ForwardError, Way, end, free_port, start
from tests.hosts.session_manager import SessionManager, needs_aws, session_manager

INSTANCE = "i-0aaaaaaaaaaaaaaaa"


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.sendall(b"you said " + self.request.recv(100))


@pytest.fixture
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionManager]:
    with socketserver.ThreadingTCPServer((LOOPBACK, 0), Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        port = int(server.server_address[1])
        with session_manager(tmp_path / "plugin", port, monkeypatch) as made:
            yield made
        server.shutdown()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


@needs_aws
def test_a_port_of_this_machine_leads_to_the_instance(sessions: SessionManager) -> None:
    port = free_port()
    session = start(INSTANCE, "eu-west-1", port)
    try:
        with socket.create_connection((LOOPBACK, port), timeout=60) as way:
            way.sendall(b"hello")
            assert way.recv(100) == b"you said hello"
    finally:
        end(session)

    assert sessions.asked == [
        {
            "Target": INSTANCE,
            "DocumentName": "AWS-StartPortForwardingSession",
            "Parameters": {"portNumber": ["22"], "localPortNumber": [str(port)]},
        }
    ]


@needs_aws
def test_the_end_of_a_session_ends_the_plugin_which_holds_the_port(
    sessions: SessionManager,
) -> None:
    port = free_port()
    session = start(INSTANCE, "eu-west-1", port)
    assert sessions.plugin_runs

    end(session)

    assert not sessions.plugin_runs
    assert not listens(port)
    # The next run finds its port free.
    again = start(INSTANCE, "eu-west-1", port)
    end(again)


@needs_aws
def test_what_session_manager_refuses_is_passed_on(sessions: SessionManager) -> None:
    sessions.refusal = "TargetNotConnected"

    with pytest.raises(ForwardError, match=f"no way to {INSTANCE}.*is not connected"):
        start(INSTANCE, "eu-west-1", free_port())


@needs_aws
def test_an_instance_that_has_just_booted_is_asked_for_again(sessions: SessionManager) -> None:
    sessions.refusal = "TargetNotConnected"
    sessions.refusals = 1

    session = start(INSTANCE, "eu-west-1", free_port(), patience=60)
    end(session)

    assert len(sessions.asked) == 2


@needs_aws
def test_a_way_that_was_ended_for_being_quiet_is_there_again(sessions: SessionManager) -> None:
    port = free_port()
    way = Way(INSTANCE, "eu-west-1", port)
    first = way.session
    try:
        end(first)
        deadline = time.monotonic() + 60
        while way.session is first and time.monotonic() < deadline:
            time.sleep(0.1)
        with socket.create_connection((LOOPBACK, port), timeout=60) as again:
            again.sendall(b"hello")
            assert again.recv(100) == b"you said hello"
    finally:
        way.close()

    assert not sessions.plugin_runs
    assert not listens(port)
