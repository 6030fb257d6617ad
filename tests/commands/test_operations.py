"""The way to the machines, by the real OpenSSH client against SSH servers of this process."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from commands import operations
from commands.cloud import Cloud
from commands.error import CommandError
from commands.operations import way_to
from commands.stack import Stack, stack
from tests.commands.stand_in import EngineStandIn
from tests.hosts.session_manager import needs_aws, session_manager

MACHINE = operations.Machine
OPERATIONS, WEB = "i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb"


class Machine(asyncssh.SSHServer):
    """Lets the deploy key in, and whoever is in through."""

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> bool:
        return True


@dataclass
class Machines:
    """Two SSH servers with keys of their own; the second stands for a host behind the first."""

    deploy_key: str
    host_keys: dict[str, str]
    ports: dict[str, int]


async def _answer(process: Any) -> None:
    given = await process.stdin.read()
    name = process.get_extra_info("sockname")[1]
    process.stdout.write(f"{name}: {process.command} <{given}>")
    process.exit(7 if process.command == "false" else 0)


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    folder = tmp_path_factory.mktemp("machines")
    deploy = asyncssh.generate_private_key("ssh-ed25519")
    authorized = folder / "authorized_keys"
    authorized.write_bytes(deploy.export_public_key())
    keys = {name: asyncssh.generate_private_key("ssh-ed25519") for name in (OPERATIONS, WEB)}
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen() -> dict[str, Any]:
        return {
            name: await asyncssh.create_server(
                Machine,
                "127.0.0.1",
                0,
                server_host_keys=[key],
                authorized_client_keys=str(authorized),
                process_factory=_answer,
            )
            for name, key in keys.items()
        }

    servers = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    yield Machines(
        deploy_key=deploy.export_private_key().decode(),
        host_keys={name: key.export_public_key().decode() for name, key in keys.items()},
        ports={name: server.get_port() for name, server in servers.items()},
    )
    for server in servers.values():
        loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


class Parameters:
    """Parameter Store with the keys that machines published."""

    def __init__(self, keys: dict[str, str]) -> None:
        self.keys = keys

    def get_parameter(self, *, Name: str) -> dict[str, Any]:  # noqa: N803 - AWS's word
        return {"Parameter": {"Value": self.keys[Name.rpartition("/")[2]]}}


@pytest.fixture
def keys(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What Parameter Store says; a test may change it."""
    found = dict(machines.host_keys)
    monkeypatch.setattr(Cloud, "client", lambda *_: Parameters(found))
    return found


@pytest.fixture
def local(
    engine: EngineStandIn,
    machines: Machines,
    keys: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Stack:
    assert keys
    engine.answer(
        *("stack", "output"),
        says={
            "operations": {"instance_id": OPERATIONS, "address": "127.0.0.1"},
            "hosts": {"web-a1": {"instance_id": WEB, "address": "127.0.0.1", "pool": "web"}},
        },
    )
    engine.answer("config", "get", "deploy_key", says=machines.deploy_key)
    made = operations.Machine

    def listening(*, instance_id: str, address: str, **facts: Any) -> operations.Machine:
        facts["port"] = machines.ports[instance_id]
        return made(instance_id=instance_id, address=address, **facts)

    monkeypatch.setattr(operations, "Machine", listening)
    return stack("local")


def test_a_command_runs_on_the_operations_instance_with_its_input(
    local: Stack, machines: Machines
) -> None:
    with way_to(local) as way:
        done = way.run("echo", "two words", "$HOME", given="a secret")

    port = machines.ports[OPERATIONS]
    assert done.stdout == f"{port}: echo 'two words' '$HOME' <a secret>"


def test_a_command_that_fails_is_no_error_of_the_way(local: Stack) -> None:
    with way_to(local) as way:
        assert way.run("false").returncode == 7
        assert way.show("false", given="") == 7


def test_a_host_is_reached_through_the_operations_instance(
    local: Stack, machines: Machines
) -> None:
    with way_to(local) as way:
        done = way.run("uptime", host="web-a1")

    assert done.stdout == f"{machines.ports[WEB]}: uptime <>"


@pytest.mark.parametrize("changed", [OPERATIONS, WEB])
def test_another_host_key_than_the_published_one_is_refused(
    local: Stack, keys: dict[str, str], changed: str
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    keys[changed] = other

    with way_to(local) as way, pytest.raises(CommandError, match="not reached"):
        way.run("uptime", host="web-a1")


def test_the_deploy_key_is_in_no_file_and_no_argument(
    local: Stack, machines: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(operations.tempfile, "tempdir", str(folder))
    with way_to(local) as way:
        key = way.key
        assert key.read_text().strip() == machines.deploy_key.strip()
        assert key.stat().st_mode & 0o777 == 0o600
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert files
        body = machines.deploy_key.splitlines()[2]
        assert not [path for path in files if body in path.read_text()]
        assert body not in " ".join(way.command("uptime", host="web-a1"))

    assert not key.exists()
    assert not way.known_hosts.exists()


@needs_aws
def test_without_a_public_address_the_way_is_a_session_of_session_manager(
    local: Stack,
    engine: EngineStandIn,
    machines: Machines,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = engine.answers[-1]
    outputs = json.loads(said["says"])
    outputs["operations"]["address"] = None
    engine.answer(*said["words"], says=outputs)
    monkeypatch.setattr(operations, "Machine", MACHINE)
    with (
        session_manager(tmp_path / "plugin", machines.ports[OPERATIONS], monkeypatch) as sessions,
        way_to(local) as way,
    ):
        assert way.operations.address == "127.0.0.1"
        assert way.operations.port not in machines.ports.values()
        done = way.run("uptime")
        assert sessions.plugin_runs

    assert done.stdout == f"{machines.ports[OPERATIONS]}: uptime <>"
    assert not sessions.plugin_runs
    assert [asked["Target"] for asked in sessions.asked] == [OPERATIONS]


def test_an_unknown_host_is_named_with_those_that_exist(local: Stack) -> None:
    with way_to(local) as way, pytest.raises(CommandError) as refused:
        way.run("uptime", host="web-z9")

    assert "web-z9" in refused.value.what
    assert "operations, web-a1" in refused.value.todo
