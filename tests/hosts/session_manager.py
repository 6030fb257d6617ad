"""Session Manager without AWS: its API, and a plugin that forwards to a port of this machine.

The AWS CLI between the two is the real one.
"""

import http.server
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from localcloud import processes

needs_aws = pytest.mark.skipif(shutil.which("aws") is None, reason="needs the AWS CLI")

PLUGIN = """\
#!{python}
import json, os, pathlib, socket, sys, threading
if sys.argv[1:] == ["--version"]:
    sys.exit(print("1.2.707.0"))
request = next(json.loads(word) for word in sys.argv[2:] if word.startswith("{{"))
(pathlib.Path(__file__).parent / "pid").write_text(str(os.getpid()))

def relay(source, target):
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)

port = int(request["Parameters"]["localPortNumber"][0])
listener = socket.create_server(("127.0.0.1", port))
while True:
    near, _ = listener.accept()
    far = socket.create_connection(("127.0.0.1", {target}))
    for pair in ((near, far), (far, near)):
        threading.Thread(target=relay, args=pair, daemon=True).start()
"""


@dataclass
class SessionManager:
    """What was asked of the API, and what it answers to the next session."""

    folder: Path
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    refusal: str = ""
    refusals: int | None = None  # how many more of them; None: it never changes its mind

    @property
    def plugin_runs(self) -> bool:
        """One that has ended and that nobody has asked after is no more."""
        return processes.alive(int((self.folder / "pid").read_text()))


@contextmanager
def session_manager(
    folder: Path, target: int, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SessionManager]:
    """Sessions lead to a port of this machine, whatever instance and port they are asked for."""
    made = SessionManager(folder)

    class Api(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.asked.append(asked)
            answer: dict[str, str] = {
                "SessionId": "s-1",
                "TokenValue": "token",
                "StreamUrl": "wss://nowhere.invalid",
            }
            refused = bool(made.refusal) and made.refusals != 0
            if refused:
                answer = {"__type": made.refusal, "message": f"{asked['Target']} is not connected."}
            if refused and made.refusals is not None:
                made.refusals -= 1
            body = json.dumps(answer).encode()
            self.send_response(400 if refused else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return None

    folder.mkdir()
    plugin = folder / "session-manager-plugin"
    plugin.write_text(PLUGIN.format(python=sys.executable, target=target))
    plugin.chmod(0o755)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    for name, value in {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "emulated",
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    yield made
    server.shutdown()
    server.server_close()
    thread.join()
