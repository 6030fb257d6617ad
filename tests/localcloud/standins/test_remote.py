"""Commands on other machines: hosts are known by their key, reached through a bastion, retried."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import grpc
import pytest

from localcloud import ports
from localcloud.standins.command.remote import CopyToRemote, RemoteCommand
from localcloud.standins.provider import Provider
from localcloud.standins.values import ARCHIVE, ASSET, Secret, Tagged, plain
from tests.localcloud.standins.plugin import Plugin, recording, served

COMMAND = "command:remote:Command"
COPY = "command:remote:CopyToRemote"
PATIENCE = 120.0


@dataclass
class Host:
    """An SSH server on this machine; a command is answered with what it was given."""

    host_key: asyncssh.SSHKey = field(
        default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519")
    )
    user_key: asyncssh.SSHKey = field(
        default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519")
    )
    port: int = 0
    forwards: bool = True
    forwarded: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])

    def connection(self, **more: Any) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": "deploy",
            "privateKey": self.user_key.export_private_key().decode(),
            "hostKey": self.host_key.export_public_key().decode().strip(),
            "dialErrorLimit": 0,
            **more,
        }

    async def serve(self, root: Path) -> asyncssh.SSHAcceptor:
        host = self

        class Server(asyncssh.SSHServer):
            def connection_requested(
                self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
            ) -> bool:
                host.forwarded.append((dest_host, dest_port))
                return host.forwards

        async def answer(process: asyncssh.SSHServerProcess[str]) -> None:
            given = await process.stdin.read()
            process.stdout.write(f"ran {process.command}\n{given}")
            process.stderr.write("and a word of warning\n")
            process.exit(7 if "fail" in (process.command or "") else 0)

        keys = asyncssh.import_authorized_keys(self.user_key.export_public_key().decode())
        server = await asyncssh.listen(
            "127.0.0.1",
            self.port,
            server_factory=Server,
            server_host_keys=[self.host_key],
            authorized_client_keys=keys,
            process_factory=answer,
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=bytes(root)),
        )
        self.port = server.get_port()
        return server


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Any]:
    """Starts hosts; their files lie in `remote`."""
    (tmp_path / "remote").mkdir()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def serve(host: Host) -> Host:
        asyncio.run_coroutine_threadsafe(host.serve(tmp_path / "remote"), loop).result(PATIENCE)
        return host

    yield serve
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENCE)


@pytest.fixture
def provider() -> Provider:
    return Provider("command", "0", {COMMAND: RemoteCommand, COPY: CopyToRemote})


@pytest.fixture
def stub(provider: Provider) -> Iterator[Any]:
    with served(provider) as stub:
        yield stub


def run(stub: Any, connection: dict[str, Any], **inputs: Any) -> dict[str, Any]:
    plugin = Plugin(stub, COMMAND)
    checked, failures = plugin.check({"connection": connection, "create": "uptime", **inputs})
    assert failures == {}
    return plugin.create(checked)[1]


def refusal(stub: Any, connection: dict[str, Any], **inputs: Any) -> str:
    with pytest.raises(grpc.RpcError) as failed:
        run(stub, connection, **inputs)
    return failed.value.details()  # type: ignore[attr-defined]


def test_a_command_runs_there_and_reads_its_input(stub: Any, start: Any) -> None:
    state = run(stub, start(Host()).connection(), stdin="a script\n")

    assert state["stdout"] == "ran uptime\na script"
    assert state["stderr"] == "and a word of warning"


def test_the_connection_is_secret_as_a_whole(stub: Any, start: Any) -> None:
    state = run(stub, start(Host()).connection())

    assert isinstance(state["connection"], Secret)


def test_a_host_with_another_key_gets_nothing(stub: Any, start: Any) -> None:
    host, stranger = start(Host()), Host()
    pinned = stranger.host_key.export_public_key().decode()

    said = refusal(stub, host.connection(hostKey=pinned))

    assert "could not connect" in said
    assert "not trusted" in said


def test_a_key_that_cannot_be_read_is_no_reason_to_dial_again(stub: Any, start: Any) -> None:
    connection = start(Host()).connection(privateKey="not a key", dialErrorLimit=-1)

    assert "cannot read the private key" in refusal(stub, connection)


def test_a_key_with_a_passphrase_is_opened(stub: Any, start: Any) -> None:
    host = start(Host())
    sealed = host.user_key.export_private_key(
        passphrase="open sesame", rounds=1, ignore_few_rounds=True
    ).decode()

    connection = host.connection(privateKey=sealed, privateKeyPassword="open sesame")

    assert run(stub, connection)["stdout"] == "ran uptime"


def test_nothing_listening_is_dialled_as_often_as_asked(provider: Provider, stub: Any) -> None:
    lines = recording(provider)

    said = refusal(stub, Host(port=ports.any_free()).connection(dialErrorLimit=2))

    assert "in 3 dials" in said
    assert len(lines) == 2


def test_a_host_that_comes_up_late_is_reached(stub: Any, start: Any) -> None:
    host = Host(port=ports.any_free())
    timer = threading.Timer(0.4, lambda: start(host))
    timer.start()

    assert run(stub, host.connection(dialErrorLimit=50))["stdout"] == "ran uptime"
    timer.join()


def test_a_host_that_never_answers_is_given_up(stub: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = Host(port=silent.getsockname()[1]).connection(perDialTimeout=1)

        assert "in 1 dials" in refusal(stub, connection)


def test_the_bastion_carries_the_connection(stub: Any, start: Any) -> None:
    bastion, host = start(Host()), start(Host())
    proxy = bastion.connection()

    assert run(stub, host.connection(proxy=proxy))["stdout"] == "ran uptime"
    assert bastion.forwarded == [("127.0.0.1", host.port)]


def test_a_bastion_that_forwards_nothing_is_said(stub: Any, start: Any) -> None:
    bastion, host = start(Host(forwards=False)), start(Host())

    assert "could not connect" in refusal(stub, host.connection(proxy=bastion.connection()))


def test_a_bastion_with_another_key_gets_nothing(stub: Any, start: Any) -> None:
    bastion, host = start(Host()), start(Host())
    proxy = bastion.connection(hostKey=Host().host_key.export_public_key().decode())

    assert "not trusted" in refusal(stub, host.connection(proxy=proxy))
    assert bastion.forwarded == []


def test_a_failure_gives_the_code_and_the_output(stub: Any, start: Any) -> None:
    said = refusal(stub, start(Host()).connection(), create="fail")

    assert "exit status 7" in said
    assert "a word of warning" in said


def test_a_failure_with_a_secret_script_quotes_neither(stub: Any, start: Any) -> None:
    said = refusal(stub, start(Host()).connection(), create="fail", stdin=Secret("PASSWORD=tiger"))

    assert "exit status 7" in said
    assert "tiger" not in said


@pytest.mark.parametrize("connection", [{}, {"host": ""}])
def test_a_connection_without_a_host_is_refused(connection: dict[str, Any], stub: Any) -> None:
    _, failures = Plugin(stub, COMMAND).check({"connection": connection, "create": "x"})

    assert list(failures) == ["connection.host"]


def copy(stub: Any, connection: dict[str, Any], source: Tagged, to: str) -> None:
    plugin = Plugin(stub, COPY)
    inputs = {"connection": connection, "source": source, "remotePath": to}
    checked, failures = plugin.check(inputs)
    assert failures == {}
    plugin.create(checked)


def test_files_folders_and_texts_are_copied(stub: Any, start: Any, tmp_path: Path) -> None:
    connection = start(Host()).connection()
    local = tmp_path / "site"
    (local / "assets").mkdir(parents=True)
    (local / "assets" / "app.js").write_text("run()")
    (local / "index.html").write_text("hello")
    file = str(local / "index.html")

    copy(stub, connection, Tagged(ASSET, {"text": "typed"}), "/note")
    copy(stub, connection, Tagged(ASSET, {"path": file}), "/copied.html")
    copy(stub, connection, Tagged(ARCHIVE, {"path": str(local)}), "/www")
    copy(stub, connection, Tagged(ARCHIVE, {"path": f"{local}/"}), "/flat")

    remote = tmp_path / "remote"
    assert (remote / "note").read_text() == "typed"
    assert (remote / "copied.html").read_text() == "hello"
    assert (remote / "www/site/assets/app.js").read_text() == "run()"
    assert (remote / "flat/assets/app.js").read_text() == "run()"


def test_what_cannot_be_copied_is_refused_before_anything_is(stub: Any) -> None:
    inputs = {"connection": Host().connection(), "remotePath": "/x"}

    for source in ("a path", Tagged(ARCHIVE, {"uri": "https://example.com"})):
        _, failures = Plugin(stub, COPY).check({**inputs, "source": source})
        assert list(failures) == ["source"]


def test_defaults_are_those_of_the_plugin(stub: Any) -> None:
    checked, _ = Plugin(stub, COMMAND).check({"connection": {"host": "h"}, "create": "x"})

    connection = plain(checked["connection"])
    assert (connection["user"], connection["port"]) == ("root", 22)
    assert (connection["dialErrorLimit"], connection["perDialTimeout"]) == (10, 15)
