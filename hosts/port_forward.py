"""A way to the operations instance through Session Manager, for as long as a run lasts."""

import atexit
import shutil
import socket
import subprocess
import time
from functools import cache

import pulumi

# The same in every run, so that it is no difference between two of them.
LOOPBACK, PORT = "127.0.0.1", 42_022
SECONDS_TO_WAIT = 60


class ForwardError(Exception):
    """Why there is no way, and what to do."""


def forwarded_port(instance_id: pulumi.Output[str], region: str) -> tuple[pulumi.Output[str], int]:
    """Address and port of this machine that lead to the instance's port 22.

    A preview opens nothing: it connects to nobody.
    """
    if pulumi.runtime.is_dry_run():
        return pulumi.Output.from_input(LOOPBACK), PORT
    return instance_id.apply(lambda known: open_way(known, region)), PORT


@cache
def open_way(instance_id: str, region: str) -> str:
    aws = shutil.which("aws")
    if aws is None or shutil.which("session-manager-plugin") is None:
        raise ForwardError(
            "access session-manager needs the AWS CLI and its session-manager-plugin on PATH; "
            "install both, or use access bastion."
        )
    session = subprocess.Popen(
        [
            *(aws, "ssm", "start-session", "--region", region, "--target", instance_id),
            *("--document-name", "AWS-StartPortForwardingSession"),
            *("--parameters", f"portNumber=22,localPortNumber={PORT}"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    atexit.register(session.terminate)
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while time.monotonic() < deadline:
        if session.poll() is not None:
            said = (session.stderr.read() if session.stderr else "").strip()
            raise ForwardError(f"Session Manager opens no way to {instance_id}: {said}")
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, PORT)) == 0:
                return LOOPBACK
        time.sleep(0.5)
    session.terminate()
    raise ForwardError(
        f"Session Manager opened no way to {instance_id} within {SECONDS_TO_WAIT} s: "
        "is its agent running, and may its role be reached?"
    )
