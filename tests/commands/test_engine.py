"""The engine as the commands call it: it is never cut off in the middle of a change."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from commands.engine import VARIABLE
from localcloud.paths import ROOT

# Says that it runs, and that it was asked to stop; then ends what is under way.
ENGINE = """\
import pathlib, signal, sys, time
here = pathlib.Path(sys.argv[1])
def stop(*_):
    (here / "asked").touch()
    time.sleep(0.3)
    (here / "finished").touch()
    sys.exit(130)
signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
(here / "runs").touch()
time.sleep(60)
"""
CALLER = """\
import sys, signal
from commands.engine import engine
def stop(*_): raise KeyboardInterrupt
for number in (signal.SIGTERM, signal.SIGINT): signal.signal(number, stop)
try:
    engine("local").show("up")
except KeyboardInterrupt:
    sys.exit(7)
"""

# As on a busy machine: the engine runs before its caller knows of it.
SLOWLY = """\
import subprocess, time
class Popen(subprocess.Popen):
    def __init__(self, *given, **options):
        super().__init__(*given, **options)
        time.sleep(0.5)
subprocess.Popen = Popen
"""


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert path.exists()


def stopped(tmp_path: Path, number: signal.Signals, caller_does: str = CALLER) -> None:
    program = tmp_path / "engine.py"
    program.write_text(ENGINE)
    caller = subprocess.Popen(
        [sys.executable, "-c", caller_does],
        cwd=ROOT,
        env={VARIABLE: f"{sys.executable} {program} {tmp_path}", "PATH": "/usr/bin:/bin"},
    )
    wait_for(tmp_path / "runs")

    caller.send_signal(number)

    assert caller.wait(timeout=60) == 7
    assert (tmp_path / "asked").exists()
    assert (tmp_path / "finished").exists()


def test_who_is_ended_lets_the_engine_finish_what_is_under_way(tmp_path: Path) -> None:
    stopped(tmp_path, signal.SIGTERM)


def test_ctrl_c_stops_the_engine_once_and_not_at_once(tmp_path: Path) -> None:
    stopped(tmp_path, signal.SIGINT)


def test_an_engine_that_has_just_begun_is_stopped_as_well(tmp_path: Path) -> None:
    stopped(tmp_path, signal.SIGTERM, SLOWLY + CALLER)
