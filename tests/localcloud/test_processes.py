"""Processes are found by their mark, whoever is their parent, and no other is touched."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localcloud import processes
from localcloud.paths import ROOT

Start = Callable[..., subprocess.Popen[str]]

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)"
)


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(home: Path, code: str = "print(1, flush=True)") -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", f"{code}; import time; time.sleep(60)"],
            env={**os.environ, **processes.marks(home, "engine")},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


def test_only_the_processes_of_a_home_are_found(tmp_path: Path, start: Start) -> None:
    own, inside = start(tmp_path / "a"), start(tmp_path / "a" / "previews" / "dev")
    start(tmp_path / "ab")

    found = processes.started_by(tmp_path / "a")

    assert {process.pid for process in found} == {own.pid, inside.pid}
    assert processes.started_by(tmp_path / "a", {"control-plane"}) == []


def test_one_that_a_program_has_just_taken_over_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its arguments and environment are still to be laid out; a thread of the kernel has none."""
    table, home, looks = tmp_path / "proc", tmp_path / "home", list[float]()
    for pid in ("2", "12"):
        (table / pid).mkdir(parents=True)
        (table / pid / "stat").write_text(f"{pid} (it) R 1 {'0 ' * 17}99 0\n")
        (table / pid / "cmdline").touch()
        (table / pid / "environ").touch()
    (table / "12" / "exe").symlink_to(sys.executable)

    def lay_out(seconds: float) -> None:
        looks.append(seconds)
        marks = processes.marks(home, "engine").items()
        (table / "12" / "environ").write_text("".join(f"{name}={is_}\0" for name, is_ in marks))
        (table / "12" / "cmdline").write_text("pulumi\0up\0")

    monkeypatch.setattr(processes, "PROC", table)
    monkeypatch.setattr(processes.time, "sleep", lay_out)

    assert processes.started_by(home) == [processes.Process(12, "engine", "pulumi up", "99")]
    assert len(looks) == 1


def test_those_that_others_start_on_their_way_out_are_ended_too(
    tmp_path: Path, start: Start
) -> None:
    another = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    start(
        tmp_path,
        "import signal, subprocess, sys; "
        f"signal.signal(signal.SIGTERM, lambda *_: ({another}, sys.exit())); print(1, flush=True)",
    )

    assert processes.end_all(tmp_path, grace=10, first=signal.SIGTERM) == []
    assert processes.started_by(tmp_path) == []


def test_this_process_is_never_among_them(
    tmp_path: Path,
) -> None:
    """A shell inside the local cloud's environment can still take it down."""
    code = "import sys; from localcloud import processes; from pathlib import Path; "
    code += "print(len(processes.started_by(Path(sys.argv[1]))), flush=True)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, **processes.marks(tmp_path, "engine")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "0\n"


def test_one_that_does_not_listen_is_killed(tmp_path: Path, start: Start) -> None:
    process = start(tmp_path, STUBBORN)

    processes.end(processes.started_by(tmp_path), grace=0.3, first=signal.SIGTERM)

    assert process.wait() == -signal.SIGKILL


def test_one_that_listens_ends_at_once(tmp_path: Path, start: Start) -> None:
    process = start(tmp_path)

    processes.end(processes.started_by(tmp_path), grace=30, first=signal.SIGTERM)

    assert process.wait() == -signal.SIGTERM


def test_one_of_which_a_thread_is_left_is_not_gone_yet(tmp_path: Path, start: Start) -> None:
    """It is a zombie by then, and holds its port and its locks still."""
    begin = (
        "import ctypes, threading, time; threading.Thread(target=time.sleep, args=(60,)).start()"
    )
    process = start(
        tmp_path, f"{begin}; print(1, flush=True); ctypes.CDLL(None).pthread_exit(None)"
    )
    table = Path(f"/proc/{process.pid}/stat")
    while (fields := table.read_text().rpartition(")")[2].split())[0] != "Z":
        time.sleep(0.01)
    found = processes.Process(process.pid, "engine", "python", started=fields[19])

    assert found.alive()
    processes.end([found], grace=0, first=signal.SIGKILL)
    assert not found.alive()
    assert process.wait() == -signal.SIGKILL


def test_another_process_with_the_same_number_is_left_alone(tmp_path: Path, start: Start) -> None:
    process = start(tmp_path)
    (found,) = processes.started_by(tmp_path)
    old = processes.Process(found.pid, found.role, found.command, started="1")

    old.send(signal.SIGKILL)

    assert not old.alive()
    assert process.poll() is None
