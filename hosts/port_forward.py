"""A way to the operations instance through Session Manager, for as long as somebody needs it."""

import atexit
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

# Of a run: the same in every one, so that it is no difference between two of them.
LOOPBACK, PORT = "127.0.0.1", 42_022
SECONDS_TO_WAIT = 60
# Below those that the kernel gives to whoever asks for none (net.ipv4.ip_local_port_range): the AWS
# CLI takes seconds to start, and its port must not become somebody's connection meanwhile.
KEPT_APART = range(20_000, 32_000)
# Session Manager knows a machine a moment after its agent has started.
SECONDS_TO_BE_KNOWN = 300


class ForwardError(Exception):
    """Why there is no way, and what to do."""


@cache
def open_way(instance_id: str, region: str) -> str:
    """Opens a run's way, which ends with the run; its address on this machine, at PORT."""
    atexit.register(Way(instance_id, region, PORT).close)
    return LOOPBACK


class Way:
    """A session that is begun again whenever it ends.

    Session Manager ends one over which nothing has come for 20 minutes (Systems Manager user guide,
    idle session timeout), and a database with a replica takes longer to be made.
    """

    def __init__(self, instance_id: str, region: str, port: int) -> None:
        self._to = instance_id, region, port
        self._closed = threading.Event()
        self.session = start(*self._to, patience=SECONDS_TO_BE_KNOWN)
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def close(self) -> None:
        self._closed.set()
        end(self.session)
        # One may be being begun just now, which takes no longer than this.
        self._keeper.join(2 * SECONDS_TO_WAIT)
        end(self.session)

    def _keep(self) -> None:
        while not self._closed.wait(0.5):
            if self.session.poll() is None:
                continue
            end(self.session)
            if self._closed.is_set():
                return
            # Without a way whoever wants to pass says so.
            with suppress(ForwardError):
                self.session = start(*self._to)


def start(
    instance_id: str, region: str, port: int, *, patience: float = 0
) -> subprocess.Popen[str]:
    """A session that leads from a port of this machine to port 22 of the instance, and answers.

    patience: seconds in which Session Manager may not know the instance yet.
    """
    aws = shutil.which("aws")
    if aws is None or shutil.which("session-manager-plugin") is None:
        raise ForwardError(
            "access session-manager needs the AWS CLI and its session-manager-plugin on PATH; "
            "install both, or use access bastion."
        )
    if _listens(port):
        raise ForwardError(
            f"Port {port} of this machine is taken, perhaps by another run that is still going: "
            "end that first."
        )
    deadline = time.monotonic() + patience
    while True:
        try:
            return _session(aws, instance_id, region, port)
        except ForwardError as refused:
            if "TargetNotConnected" not in str(refused) or time.monotonic() > deadline:
                raise
        time.sleep(3)


def _session(aws: str, instance_id: str, region: str, port: int) -> subprocess.Popen[str]:
    session = subprocess.Popen(
        [
            *(aws, "ssm", "start-session", "--region", region, "--target", instance_id),
            *("--document-name", "AWS-StartPortForwardingSession"),
            *("--parameters", f"portNumber=22,localPortNumber={port}"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # The CLI starts the plugin, which holds the port: both end together.
        start_new_session=True,
    )
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while time.monotonic() < deadline:
        if session.poll() is not None:
            said = (session.stderr.read() if session.stderr else "").strip()
            raise ForwardError(f"Session Manager opens no way to {instance_id}: {said}")
        if _listens(port):
            return session
        time.sleep(0.2)
    end(session)
    raise ForwardError(
        f"Session Manager opened no way to {instance_id} within {SECONDS_TO_WAIT} s: "
        "is its agent running, and may its role be reached?"
    )


def end(session: subprocess.Popen[str]) -> None:
    """The session and everything that it started; the port is free afterwards."""
    for word, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        try:
            os.killpg(session.pid, word)
        except ProcessLookupError:
            break
        if _ended(session, seconds):
            break
    if session.stderr is not None:
        session.stderr.close()


def _ended(session: subprocess.Popen[str], seconds: float) -> bool:
    """The CLI may be gone before the plugin is, which has the port: all of them are waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        session.poll()
        if not lives(session.pid):
            return True
        time.sleep(0.05)
    return False


def lives(group: int) -> bool:
    """Whether a process of the group runs. One that has ended is none, though on Linux its number
    is kept until its parent, or the machine's first process in its place, has asked after it."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    seen = False
    for file in Path("/proc").glob("[0-9]*/stat"):
        seen = True
        with suppress(OSError):
            state, _, of, *_ = file.read_text().rpartition(")")[2].split()
            if int(of) == group and state not in "ZX":
                return True
    return not seen


def free_port() -> int:
    """A port of this machine that nobody holds, and that nobody is given by chance."""
    tried = random.sample(KEPT_APART, len(KEPT_APART))
    found = next((port for port in tried if _is_free(port)), None)
    if found is None:
        raise ForwardError(f"Every port from {KEPT_APART[0]} to {KEPT_APART[-1]} is in use.")
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0
