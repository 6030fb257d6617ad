"""Commands on this machine."""

import contextlib
import glob
import os
import signal
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, ClassVar

from localcloud.standins.command.running import (
    STREAMS,
    Command,
    CommandError,
    Run,
    without_last_newline,
)
from localcloud.standins.provider import OperationError, Provider
from localcloud.standins.values import ARCHIVE, ASSET, Properties, Tagged, has_secret, plain


class LocalCommand(Command):
    inputs: ClassVar[tuple[str, ...]] = (
        "create",
        "update",
        "delete",
        "dir",
        "environment",
        "interpreter",
        "stdin",
        "triggers",
        "logging",
        "assetPaths",
        "archivePaths",
        "addPreviousOutputInEnv",
    )
    spreading: ClassVar[tuple[str, ...]] = inputs

    def _execute(self, inputs: Properties, run: Run, urn: str) -> Properties:
        return execute(self.provider, inputs, run)


def run_function(provider: Provider, arguments: Properties) -> Properties:
    """`command:local:run`: a command at every run of the program."""
    inputs = plain(arguments)
    shown = () if has_secret(arguments) else STREAMS.get(inputs.get("logging"), STREAMS[None])

    def log_line(stream: str, line: str) -> None:
        if line and stream in shown:
            provider.log(line)

    run = Run.of(inputs, inputs["command"], None, log_line)
    return {**arguments, **execute(provider, inputs, run)}


def execute(provider: Provider, inputs: Properties, run: Run) -> Properties:
    """Run it in a session of its own, so that it ends with all its children."""
    directory = Path(inputs.get("dir") or ".").absolute()
    try:
        process = subprocess.Popen(
            [*(inputs.get("interpreter") or ["/bin/sh", "-c"]), run.command],
            cwd=directory,
            env={**os.environ, **run.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise OperationError(f"could not start the command in {directory}: {error}") from None
    output: dict[str, list[str]] = {"stdout": [], "stderr": []}
    both: list[str] = []

    def drain(name: str, stream: IO[bytes]) -> None:
        for raw in stream:
            line = raw.decode("utf-8", "replace")
            output[name].append(line)
            both.append(line)
            run.log_line(name, line.removesuffix("\n"))

    def feed(stream: IO[bytes]) -> None:
        try:
            stream.write((run.stdin or "").encode())
            stream.close()
        except BrokenPipeError:
            pass  # a command need not read what it is given

    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    threads = [
        threading.Thread(target=drain, args=("stdout", process.stdout)),
        threading.Thread(target=drain, args=("stderr", process.stderr)),
        threading.Thread(target=feed, args=(process.stdin,)),
    ]
    for thread in threads:
        thread.start()

    def end() -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)

    provider.on_stop.append(end)
    code = _wait(process, provider)
    provider.on_stop.remove(end)
    for thread in threads:
        thread.join()
    if code:
        raise CommandError(code, run.command, "".join(both))
    made: Properties = {
        name: without_last_newline("".join(lines)) for name, lines in output.items()
    }
    if inputs.get("assetPaths"):
        made["assets"] = _assets(directory, inputs["assetPaths"])
    if inputs.get("archivePaths"):
        assets = _assets(directory, inputs["archivePaths"])
        made["archive"] = Tagged(ARCHIVE, {"assets": assets})
    return made


def _wait(process: subprocess.Popen[bytes], provider: Provider) -> int:
    while True:
        try:
            return process.wait(0.1)
        except subprocess.TimeoutExpired:
            if provider.stopping.is_set():
                os.killpg(process.pid, signal.SIGTERM)


def _assets(root: Path, patterns: Iterable[str]) -> dict[str, Any]:
    """Files by pattern; a pattern that starts with `!` takes away what others chose."""
    chosen: dict[str, Any] = {}
    for pattern in patterns:
        for name in sorted(glob.glob(pattern.removeprefix("!"), root_dir=root, recursive=True)):  # noqa: PTH207 - the names stay relative
            path = root / name
            if pattern.startswith("!"):
                chosen.pop(name, None)
            elif path.is_file():
                chosen[name] = Tagged(ASSET, {"path": str(path)})
    return chosen
