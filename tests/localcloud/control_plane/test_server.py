"""The server as a process: it starts, survives a kill, stops, or says in one line why not."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from localcloud import ports

ROOT = Path(__file__).parents[3]
PATIENCE = 120.0


class Server:
    def __init__(self, directory: Path, port: int, *arguments: str) -> None:
        self.directory = directory
        self.port = port
        command = [sys.executable, "-m", "localcloud.control_plane", "--port", str(port)]
        self.process = subprocess.Popen(
            [*command, "--state", str(directory), *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{Path(__file__).parent}"},
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_until_ready(self) -> "Server":
        deadline = time.monotonic() + PATIENCE
        while not (self.directory / "ready.json").exists():
            assert self.process.poll() is None, self.errors()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return self

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="eu-west-1",
            aws_access_key_id="emulated",
            aws_secret_access_key="emulated",
        )

    def errors(self) -> str:
        assert self.process.stderr
        return self.process.stderr.read()

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def port() -> int:
    return ports.any_free()


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    started: list[Server] = []
    yield started
    for server in started:
        if server.process.poll() is None:
            server.end(signal.SIGKILL)


@pytest.mark.e2e
def test_what_it_acknowledged_survives_a_kill(
    tmp_path: Path, port: int, servers: list[Server]
) -> None:
    directory = tmp_path / "state"
    servers.append(Server(directory, port).wait_until_ready())
    ready = json.loads((directory / "ready.json").read_text())
    assert ready == {
        "pid": servers[0].process.pid,
        "port": port,
        "endpoint": f"http://127.0.0.1:{port}",
    }
    made = servers[0].client("ec2").create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    servers[0].end(signal.SIGKILL)

    servers.append(Server(directory, port))
    # The file of the killed one is not mistaken for this one's.
    while json.loads(_text(directory / "ready.json") or "{}").get("pid") == ready["pid"]:
        time.sleep(0.05)
    servers[1].wait_until_ready()

    shown = servers[1].client("ec2").describe_vpcs(VpcIds=[made])["Vpcs"]
    assert [vpc["CidrBlock"] for vpc in shown] == ["10.1.0.0/16"]
    assert servers[1].end(signal.SIGTERM) == 0
    assert not (directory / "ready.json").exists()


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except FileNotFoundError:
        return ""


def test_a_port_in_use_is_one_clear_error(tmp_path: Path, servers: list[Server]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = Server(tmp_path / "state", taken.getsockname()[1])
        servers.append(server)

        assert server.process.wait(PATIENCE) == 1
        assert server.errors() == (
            f"error: 127.0.0.1:{server.port} cannot be used for the control plane (Address already "
            "in use). Stop what listens there, or choose another port with --port.\n"
        )


def test_a_module_without_reconciler_is_one_clear_error(
    tmp_path: Path, port: int, servers: list[Server]
) -> None:
    server = Server(tmp_path / "state", port, "--with", "json")
    servers.append(server)

    assert server.process.wait(PATIENCE) == 1
    assert server.errors() == "error: --with json: the module has no function reconciler()\n"


@pytest.mark.e2e
def test_a_reconciler_sees_changes_and_its_own_are_served(
    tmp_path: Path, port: int, servers: list[Server]
) -> None:
    server = Server(tmp_path / "state", port, "--with", "stopping_reconciler").wait_until_ready()
    servers.append(server)
    ec2 = server.client("ec2")

    made = ec2.run_instances(ImageId="ami-0deb13a0000000001", MinCount=1, MaxCount=1)
    name = made["Instances"][0]["InstanceId"]

    deadline = time.monotonic() + PATIENCE
    state = ""
    while state != "stopped" and time.monotonic() < deadline:
        shown = ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"][0]
        state = shown["State"]["Name"]
        time.sleep(0.1)
    assert state == "stopped"
    assert server.end(signal.SIGTERM) == 0
    assert (tmp_path / "state/stopping/stopped").read_text() == "cleanly"
