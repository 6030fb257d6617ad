"""The small applications as hosts run them: their releases unpacked, their processes started."""

import json
import shutil
import signal
import subprocess
import tarfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.apps import pack as packing
from tests.apps.stores import eventually, free_port

NODE, PM2 = "24.21.0", "7.0.4"


class Releases:
    """Versions, unpacked as the release program does it."""

    def __init__(self, application: str, folder: Path) -> None:
        self._application = application
        self._folder = folder

    def __call__(self, version: str, part: str, **facts: Any) -> Path:
        folder = self._folder / version / part
        if not folder.exists():
            out = self._folder / "bucket"
            packing.pack(self._application, version, out, **facts)
            place = out / "releases" / self._application / version
            if (place / f"{part}.jar").exists():
                folder.mkdir(parents=True)
                shutil.copy(place / f"{part}.jar", folder / "app.jar")
            else:
                with tarfile.open(place / f"{part}.tar.gz") as content:
                    content.extractall(folder, filter="data")
        return folder


@dataclass
class Process:
    url: str
    running: subprocess.Popen[str]
    log: Path

    def ask(
        self,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        method: str | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.url}{path}", data=body, headers=dict(headers or {}), method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def json(self, path: str, **facts: Any) -> tuple[int, Any]:
        status, _, text = self.ask(path, **facts)
        return status, json.loads(text)

    def answers(self, path: str = "/health") -> bool:
        try:
            return self.ask(path)[0] > 0
        except OSError:
            assert self.running.poll() is None, self.log.read_text()
            return False


@contextmanager
def process(
    words: list[str],
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    health: str = "/health",
) -> Iterator[Process]:
    """It listens where PORT says, and answers."""
    port = free_port()
    with started(words, folder, {**environment, "PORT": str(port)}, log) as running:
        made = Process(f"http://127.0.0.1:{port}", running, log)
        eventually("it answers", lambda: made.answers(health))
        yield made


@contextmanager
def started(
    words: list[str], folder: Path, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[str]]:
    """From its start until it was told to stop and has ended."""
    with log.open("a") as file:
        running = subprocess.Popen(
            words,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield running
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGTERM)
            running.wait(timeout=40)


@contextmanager
def working(
    node: str, release: Releases, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[str]]:
    """A worker from when it takes jobs until it was told to stop and has ended."""
    folder = release("1.0.0", "worker")
    with started([node, "dist/worker.js"], folder, environment, log) as running:
        eventually("it works", lambda: "works on" in log.read_text())
        yield running


def echoed(node: str, api: Process) -> str:
    """What comes back of a greeting through the websocket."""
    program = """
      const socket = new WebSocket(process.argv[1]);
      socket.onopen = () => socket.send("hello");
      socket.onmessage = ({ data }) => { console.log(data); socket.close(); };
    """
    address = api.url.replace("http", "ws") + "/ws"
    done = subprocess.run([node, "-e", program, address], capture_output=True, text=True)
    return json.loads(done.stdout)["echo"]


def job(api: Process, place: str) -> Any:
    """What has become of it, once that is certain."""
    eventually(
        "the job has come to an end",
        lambda: api.json(place)[1]["state"] in ("completed", "failed"),
    )
    return api.json(place)[1]
