"""One run at a time; a dead one holds nothing, an abandoned one may finish."""

import subprocess
import sys
from pathlib import Path

import pytest

from localcloud import lock
from localcloud.error import LocalCloudError
from localcloud.paths import ROOT, Paths

# Until its file is there.
HOLD = """
import signal, sys, time
from pathlib import Path
from localcloud import lock
from localcloud.paths import Paths
# A shell's background job would have it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
with lock.held(Paths(Path('.'), Path(sys.argv[1]))):
    print('held', flush=True)
    while not Path(sys.argv[2]).exists():
        time.sleep(0.02)
"""


def hold(home: Path, until: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home), str(until)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def abandoned(home: Path, until: Path) -> None:
    """Held by a process whose parent has ended."""
    script = "import subprocess, sys; p = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE); "
    script += "p.stdout.readline()"
    command = [sys.executable, "-c", HOLD, str(home), str(until)]
    subprocess.run([sys.executable, "-c", script, *command], cwd=ROOT, check=True)


def test_a_run_at_work_is_not_disturbed(tmp_path: Path) -> None:
    process = hold(tmp_path, tmp_path / "never")
    try:
        with (
            pytest.raises(LocalCloudError, match=f"process {process.pid}"),
            lock.held(Paths(ROOT, tmp_path)),
        ):
            pass
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_a_killed_run_holds_nothing(tmp_path: Path) -> None:
    process = hold(tmp_path, tmp_path / "never")
    process.kill()
    process.wait()

    with lock.held(Paths(ROOT, tmp_path)):
        pass


def test_an_abandoned_run_may_finish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finished = tmp_path / "finished"
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        finished.touch()

    monkeypatch.setattr(lock, "say", say)
    abandoned(tmp_path, finished)

    with lock.held(Paths(ROOT, tmp_path)):
        assert len(said) == 1
        assert "waiting for the abandoned run" in said[0]


def test_an_abandoned_run_is_stopped_when_patience_ends(tmp_path: Path) -> None:
    abandoned(tmp_path, tmp_path / "never")

    with lock.held(Paths(ROOT, tmp_path), patience=0.1):
        pass


def test_a_home_taken_away_meanwhile_is_made_anew(tmp_path: Path) -> None:
    paths = Paths(ROOT, tmp_path / "home")
    with lock.held(paths):
        paths.lock.unlink()
        with lock.held(paths):
            assert paths.lock.exists()


def test_those_who_come_while_a_home_is_taken_away_each_have_it_in_turn(tmp_path: Path) -> None:
    """Again and again, so that one comes in between whatever another does."""
    script = """
import sys
from pathlib import Path
from localcloud import lock, recovery
from localcloud.error import LocalCloudError
from localcloud.paths import Paths
paths, alone = Paths(Path('.'), Path(sys.argv[1])), Path(sys.argv[2])
had = 0
while had < 50:
    try:
        with lock.held(paths):
            alone.mkdir()
            alone.rmdir()
            recovery.remove(paths)
            had += 1
    except LocalCloudError:
        pass
"""
    command = [sys.executable, "-c", script, str(tmp_path / "home"), str(tmp_path / "alone")]
    both = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]

    assert [process.wait() for process in both] == [0, 0]
