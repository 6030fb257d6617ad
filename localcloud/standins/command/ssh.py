"""SSH for commands: dialling with retries and through a bastion, running, copying."""

import asyncio
import os
import posixpath
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import asyncssh

from localcloud.standins.command.running import Run
from localcloud.standins.provider import OperationError

# The defaults that pulumi-command documents for a connection.
DEFAULTS: dict[str, Any] = {"user": "root", "port": 22, "dialErrorLimit": 10, "perDialTimeout": 15}

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0

Log = Callable[[str], None]
Connection = dict[str, Any]
T = TypeVar("T")


def _options(connection: Connection) -> dict[str, Any]:
    given = {**DEFAULTS, **{name: v for name, v in connection.items() if v is not None}}
    keys = None
    if given.get("privateKey"):
        try:
            password = given.get("privateKeyPassword")
            keys = [asyncssh.import_private_key(given["privateKey"], password)]
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise OperationError(f"cannot read the private key: {error}") from None
    trusted = None  # as the official plugin: without a host key, every host is believed
    if given.get("hostKey"):
        try:
            trusted = ([asyncssh.import_public_key(given["hostKey"])], [], [])
        except asyncssh.KeyImportError as error:
            raise OperationError(f"cannot read the host key: {error}") from None
    return {
        "host": given["host"],
        "port": int(given["port"]),
        "username": given["user"],
        "password": given.get("password"),
        "client_keys": keys,
        "known_hosts": trusted,
        "config": None,
        "agent_path": given.get("agentSocketPath") or os.environ.get("SSH_AUTH_SOCK") or None,
    }


async def _dial_once(
    connection: Connection, tunnel: asyncssh.SSHClientConnection | None
) -> asyncssh.SSHClientConnection:
    seconds = float(connection.get("perDialTimeout", DEFAULTS["perDialTimeout"]))
    dialling = asyncssh.connect(tunnel=tunnel or (), **_options(connection))
    return await asyncio.wait_for(dialling, seconds or None)


async def _dial(
    connection: Connection, log: Log, stopping: threading.Event
) -> tuple[asyncssh.SSHClientConnection, asyncssh.SSHClientConnection | None]:
    """Both hops again from the start after a failure, dialErrorLimit times (-1: for ever)."""
    limit = int(connection.get("dialErrorLimit", DEFAULTS["dialErrorLimit"]))
    proxy: Connection | None = connection.get("proxy")
    _options(connection)  # a key that cannot be read is no reason to dial again
    failures, pause = 0, FIRST_PAUSE
    while True:
        bastion = None
        try:
            if proxy:
                bastion = await _dial_once(proxy, None)
            return await _dial_once(connection, bastion), bastion
        except (TimeoutError, OSError, asyncssh.Error) as error:
            if bastion is not None:
                bastion.close()
            failures += 1
            reason = str(error) or type(error).__name__
            if 0 <= limit < failures or stopping.is_set():
                raise OperationError(
                    f"could not connect to {connection['host']} in {failures} dials: {reason}"
                ) from None
            log(f"dial {failures} failed: {reason}; dialling again")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)


async def _session(
    connection: Connection,
    log: Log,
    stopping: threading.Event,
    work: Callable[[asyncssh.SSHClientConnection], Awaitable[T]],
) -> T:
    session, bastion = await _dial(connection, log, stopping)
    try:
        return await work(session)
    except asyncssh.Error as error:
        raise OperationError(f"the SSH session failed: {error}") from None
    finally:
        session.close()
        await session.wait_closed()
        if bastion is not None:
            bastion.close()


def run(
    connection: Connection, wanted: Run, log: Log, stopping: threading.Event
) -> tuple[int | None, str, str, str]:
    """Exit code (None: ended by a signal), stdout, stderr, and both in the order they came."""

    async def work(
        session: asyncssh.SSHClientConnection,
    ) -> tuple[int | None, str, str, str]:
        output: dict[str, list[str]] = {"stdout": [], "stderr": []}
        both: list[str] = []

        async def drain(name: str, reader: Any) -> None:
            async for line in reader:
                output[name].append(line)
                both.append(line)
                wanted.log_line(name, line.removesuffix("\n"))

        process = await session.create_process(
            wanted.command, env=wanted.environment, encoding="utf-8", errors="replace"
        )
        async with process:
            try:
                if wanted.stdin:
                    process.stdin.write(wanted.stdin)
                process.stdin.write_eof()
            except (BrokenPipeError, ConnectionError):
                pass  # a command need not read what it is given
            await asyncio.gather(drain("stdout", process.stdout), drain("stderr", process.stderr))
            await process.wait_closed()
        return (
            process.exit_status,
            "".join(output["stdout"]),
            "".join(output["stderr"]),
            "".join(both),
        )

    return asyncio.run(_session(connection, log, stopping, work))


def copy(
    connection: Connection,
    source: dict[str, Any],
    remote: str,
    log: Log,
    stopping: threading.Event,
) -> None:
    """`source` holds `text` or `path`; a folder with a trailing slash gives its contents only."""

    async def work(session: asyncssh.SSHClientConnection) -> None:
        async with session.start_sftp_client() as sftp:
            is_folder = await sftp.isdir(remote)
            if "text" in source:
                if is_folder:
                    raise OperationError(f"{remote} is a folder; a text asset needs a file's path")
                async with sftp.open(remote, "wb") as file:
                    await file.write(source["text"].encode())
                return
            path = Path(source["path"])
            if not path.exists():
                raise OperationError(f"{path} does not exist")
            if not path.is_dir():
                target = posixpath.join(remote, path.name) if is_folder else remote
                await sftp.put(str(path), target)
                return
            if not is_folder and await sftp.exists(remote):
                raise OperationError(f"{remote} exists but is no folder")
            contents_only = source["path"].endswith("/")
            target = remote if contents_only else posixpath.join(remote, path.name)
            await sftp.makedirs(target, exist_ok=True)
            for entry in sorted(path.iterdir()):
                await sftp.put(str(entry), posixpath.join(target, entry.name), recurse=True)

    asyncio.run(_session(connection, log, stopping, work))
