"""Starts the control plane, sees that it is well, and ends it."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud import ports, processes, whole_file
from localcloud.error import LocalCloudError
from localcloud.paths import ROOT, Paths

ROLE = "control-plane"
MODULE = "localcloud.control_plane"
# What the process is made of.
PACKAGES = ("control_plane", "load_balancer", "machines", "network", "services")
# What makes machines, stores and load balancers real, each in the control plane's own process.
REALITY = ("localcloud.machines", "localcloud.services", "localcloud.load_balancer")
# A first run builds the engine and bakes images beside it, on two cores perhaps.
START_TIMEOUT = 300.0
# One that lives and is late is busy: it answers one request at a time, and saves what each changes.
ANSWER_TIMEOUT = 60.0
# It answers every change once its effect is on disk; what it stops itself may take a while.
STOP_GRACE = 60.0
# What was killed holds its port for as long as a thread of it is left, which may wait for the disk.
PORT_GRACE = 30.0


@dataclass(frozen=True)
class Endpoint:
    """A control plane that answers."""

    url: str
    pid: int
    was_running: bool


class Starting:
    """A control plane on its way; `wait` gives its endpoint."""

    def __init__(self, paths: Paths, port: int, child: subprocess.Popen[bytes] | None) -> None:
        self._paths = paths
        self._port = port
        self._child = child

    def wait(self) -> Endpoint:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self._child is not None and self._child.poll() is not None:
                raise self._failure(f"ended with code {self._child.returncode}")
            pid = _ready_pid(self._paths)
            expected = self._child is None or pid == self._child.pid
            if pid is not None and expected and _answers(self._port):
                return Endpoint(_url(self._port), pid, was_running=self._child is None)
            time.sleep(0.05)
        raise self._failure(f"does not answer after {START_TIMEOUT:.0f} seconds")

    def _failure(self, how: str) -> LocalCloudError:
        log = _log(self._paths)
        lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
        said = f": {lines[-1].removeprefix('error: ')}" if lines else "."
        return LocalCloudError(f"The control plane {how}{said}", f"Its log is {log}.")


def start(paths: Paths, port: int | None, *, machines: bool = False) -> Starting:
    """Begin to have one; nothing where it runs already. A port once taken is kept.

    machines: instances, databases, caches and load balancers are made real beside it; once they
    are, every later start brings them along.
    """
    chosen = _recorded_port(paths) or port or ports.any_free()
    modules = REALITY if machines or _has_machines(paths) else ()
    code = _code(modules)
    if _ready_pid(paths) is not None and _is_current(paths, code) and _answers(chosen):
        return Starting(paths, chosen, None)
    processes.end(processes.started_by(paths.home, {ROLE}), grace=STOP_GRACE, first=signal.SIGTERM)
    check_port(paths, chosen)
    paths.control_plane.mkdir(parents=True, exist_ok=True)
    paths.logs.mkdir(parents=True, exist_ok=True)
    (paths.control_plane / "state" / "ready.json").unlink(missing_ok=True)
    # Some names that AWS gives out hold the endpoint (queues), so a restart must not move it.
    whole_file.write(_port_file(paths), str(chosen))
    whole_file.write(_code_file(paths), code)
    if modules:
        _machines_file(paths).touch()
    with _log(paths).open("ab") as log:
        child = subprocess.Popen(
            [
                *(sys.executable, "-m", MODULE, "--port", str(chosen)),
                *("--state", str(paths.control_plane / "state")),
                *(word for module in modules for word in ("--with", module)),
            ],
            cwd=ROOT,
            env={**_without_aws(os.environ), **processes.marks(paths.home, ROLE)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # It outlives the run that started it, and a Ctrl-C there.
            start_new_session=True,
        )
    return Starting(paths, chosen, child)


def check_port(paths: Paths, chosen: int) -> None:
    """The port is free, or held by a control plane of ours that is about to be replaced."""
    recorded = _recorded_port(paths)
    wanted = recorded or chosen
    deadline = time.monotonic() + (PORT_GRACE if recorded else 0)
    while not (ports.is_free(wanted) or processes.started_by(paths.home, {ROLE})):
        if time.monotonic() > deadline:
            raise LocalCloudError(
                f"Port {wanted} is in use by {ports.holder(wanted)}; the control plane needs it.",
                "End that process, or choose another port with GROUNDWORK_PORT=N.",
            )
        time.sleep(0.1)


def running(paths: Paths) -> Endpoint | None:
    pid, port = _ready_pid(paths), _recorded_port(paths)
    if pid is None or port is None or not _answers(port):
        return None
    return Endpoint(_url(port), pid, was_running=True)


def stop(paths: Paths) -> None:
    processes.end(processes.started_by(paths.home, {ROLE}), grace=STOP_GRACE, first=signal.SIGTERM)


def _without_aws(environment: Any) -> dict[str, str]:
    """An account of the person's own must never be reached from here by accident."""
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}


def _url(port: int) -> str:
    return f"http://{ports.LOOPBACK}:{port}"


def _log(paths: Paths) -> Path:
    return paths.logs / "control_plane.log"


def _port_file(paths: Paths) -> Path:
    return paths.control_plane / "port"


def _code_file(paths: Paths) -> Path:
    return paths.control_plane / "code"


def _machines_file(paths: Paths) -> Path:
    return paths.control_plane / "machines"


def _has_machines(paths: Paths) -> bool:
    """Whether this cloud's instances are real ones, which a start without them would forget."""
    return _machines_file(paths).exists()


def _is_current(paths: Paths, code: str) -> bool:
    """Whether the running one was started from the code as it is now; its state outlives it."""
    try:
        return _code_file(paths).read_text() == code
    except OSError:
        return False


def _code(modules: tuple[str, ...]) -> str:
    digest = hashlib.sha256(" ".join(modules).encode())
    for package in PACKAGES:
        for file in sorted((ROOT / "localcloud" / package).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _recorded_port(paths: Paths) -> int | None:
    try:
        return int(_port_file(paths).read_text())
    except (OSError, ValueError):
        return None


def _ready_pid(paths: Paths) -> int | None:
    """The process that said it is ready, if it is one of ours and lives."""
    try:
        pid = int(json.loads((paths.control_plane / "state" / "ready.json").read_text())["pid"])
    except (OSError, ValueError, KeyError):
        return None
    ours = {process.pid for process in processes.started_by(paths.home, {ROLE})}
    return pid if pid in ours else None


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"{_url(port)}/moto-api/", timeout=ANSWER_TIMEOUT):  # noqa: S310 - loopback
            return True
    except urllib.error.HTTPError:
        return True  # it speaks; what it says of this path does not matter
    except OSError:
        return False
