"""The port that a control plane needs is its own, or somebody is told who has it."""

import socket
import threading
from pathlib import Path

import pytest

from localcloud import ports, supervisor
from localcloud.error import LocalCloudError
from localcloud.paths import ROOT, Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(ROOT, tmp_path / "home")
    made.control_plane.mkdir(parents=True)
    return made


def test_one_of_ours_that_was_killed_may_hold_its_port_for_a_moment(paths: Paths) -> None:
    """Until its last thread has ended."""
    with socket.create_server((ports.LOOPBACK, ports.any_free())) as killed:
        port = killed.getsockname()[1]
        (paths.control_plane / "port").write_text(str(port))
        ending = threading.Timer(0.3, killed.close)
        ending.start()

        supervisor.check_port(paths, port)
        ending.join()


def test_a_port_that_is_somebody_elses_is_refused(paths: Paths) -> None:
    with socket.create_server((ports.LOOPBACK, ports.any_free())) as somebody:
        port = somebody.getsockname()[1]

        with pytest.raises(LocalCloudError, match=f"Port {port} is in use by process"):
            supervisor.check_port(paths, port)
