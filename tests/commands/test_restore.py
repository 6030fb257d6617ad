"""A restore as a person asks for it: what each machine is told, in which order, and what is put
back when something fails."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from commands import restore
from commands.__main__ import main
from commands.error import CommandError
from commands.seed import TURN
from localcloud.paths import ROOT

APP = "threed-generator"
HOSTS = ("api-a1", "web-a1")
ASIDE = "3dgenerator_local_before_20261126101112"
NEWEST = "20261126_020000"
DUMPS = ("sudo", "-n", "-u", "groundwork-dumps", "/usr/local/lib/groundwork/dump")


@dataclass(frozen=True)
class Machine:
    pool: str


@dataclass
class Stack:
    """The hosts and the operations instance: what they are asked, and what fails."""

    hosts: dict[str, Machine] = field(
        default_factory=lambda: {
            "api-a1": Machine("api"),
            "web-a1": Machine("web"),
            "back-a1": Machine("back"),
        }
    )
    asked: list[str] = field(default_factory=list[str])
    fails: dict[str, str] = field(default_factory=dict[str, str])
    """Beginning of what is asked → what it says to that, as often as it is asked."""
    unreached: dict[str, int] = field(default_factory=dict[str, int])
    """The same → how many times ssh does not get through."""
    paused: set[str] = field(default_factory=set[str])
    pending: str | None = None
    aside: list[str] = field(default_factory=list[str])
    dumps: tuple[str, ...] = ("20261125_020000", NEWEST)
    meanwhile: Callable[[str], None] = lambda asked: None

    def run(
        self, *words: str, host: str = "operations", given: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        if words[: len(TURN)] == TURN:
            asked = f"{host}: {' '.join(words[len(TURN) :])}"
        elif words[: len(DUMPS)] == DUMPS:
            asked = f"dump {' '.join(words[len(DUMPS) :])}"
        else:
            asked = f"{host}: {' '.join(words[2:])}".replace("/usr/local/lib/groundwork/", "")
        return self._answer(asked)

    def show(self, *words: str, given: str | None = None) -> int:
        assert words[: len(DUMPS)] == DUMPS
        return self._answer(f"dump {' '.join(words[len(DUMPS) :])}").returncode

    def _answer(self, asked: str) -> "subprocess.CompletedProcess[str]":
        self.asked.append(asked)
        self.meanwhile(asked)
        for beginning, times in self.unreached.items():
            if asked.startswith(beginning) and times:
                self.unreached[beginning] = times - 1
                raise CommandError(f"{beginning} is not reached")
        for beginning, why in self.fails.items():
            if asked.startswith(beginning):
                return subprocess.CompletedProcess([], 1, "", f"{why}\n")
        return subprocess.CompletedProcess([], 0, self._says(asked), "")

    def _says(self, asked: str) -> str:
        match asked.split():
            case [host, "release", "show", _]:
                paused = host.rstrip(":") in self.paused
                return json.dumps({"paused": paused, "pending": self.pending})
            case ["dump", "list", _]:
                return "".join(f"{stamp}\n" for stamp in self.dumps) or "no dump of it\n"
            case ["dump", "status", _]:
                return json.dumps({"database": "d", "prepared": None, "aside": self.aside})
            case ["dump", "swap", _]:
                self.aside.append(ASIDE)
            case ["dump", "undo" | "confirm", _]:
                self.aside.clear()
            case _:
                pass
        return ""

    @property
    def done(self) -> list[str]:
        """What changed anything, with all that hosts did side by side as one."""
        seen: list[str] = []
        for asked in self.asked:
            host, _, words = asked.partition(": ")
            step = words.replace(f" {APP}", "") if host in self.hosts else asked
            if "show" in step or step.startswith(("dump status", "dump list")):
                continue
            if not (seen and seen[-1] == step):
                seen.append(step)
        return seen

    def hosts_told(self, action: str) -> set[str]:
        return {one.partition(":")[0] for one in self.asked if one.endswith(f": {action} {APP}")}


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Stack:
    made = Stack()

    @contextmanager
    def way_to(stack: object) -> Generator[Stack]:
        yield made

    monkeypatch.setattr(restore, "way_to", way_to)
    monkeypatch.setattr(restore, "SECONDS_BETWEEN_DIALS", 0)
    monkeypatch.delenv("CI", raising=False)
    return made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    for path in ROOT.glob("Pulumi.*yaml"):
        shutil.copy(path, folder)
    shutil.copytree(ROOT / "apps", folder / "apps")
    return folder


def durable(root: Path) -> None:
    file = root / "Pulumi.local.yaml"
    file.write_text(file.read_text().replace("durable: false", "durable: true"))


def run(root: Path, *more: str) -> int:
    return main(["restore", "local", APP, *more], root)


KEY = f"{APP}-main"
UP_TO_THE_PAUSE = [f"dump prepare {KEY} --dump {NEWEST}", "pause"]
SWAPPED = [*UP_TO_THE_PAUSE, f"dump swap {KEY}", f"operations: migrate {APP} 1.0.0 --restored"]
PUT_BACK = ["pause", f"dump undo {KEY}", "resume"]


def test_it_is_prepared_while_all_serves_and_then_changes_places_in_a_pause(
    there: Stack, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root, "--yes") == 0

    assert there.done == [*SWAPPED, "start", "start --all", "resume"]
    for action in ("pause", "start", "resume"):
        assert there.hosts_told(action) == set(HOSTS)
    said = capsys.readouterr().out
    assert f"goes back to the dump {NEWEST}" in said
    assert "pauses on api-a1, web-a1" in said
    assert f"What was there before is {ASIDE}" in said
    assert "UNDO=1" in said


def test_an_older_dump_is_taken_as_it_is_named(there: Stack, root: Path) -> None:
    assert run(root, "--yes", "--dump", "database/old.sql.gz") == 0

    assert there.done[0] == f"dump prepare {KEY} --dump database/old.sql.gz"


def test_a_dump_that_is_not_good_leaves_everything_alone(
    there: Stack, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there.fails["dump prepare"] = "rows are not what was dumped"

    assert run(root, "--yes") == 1

    assert there.done == [UP_TO_THE_PAUSE[0]]
    assert "are as they were" in capsys.readouterr().err


def test_nothing_is_asked_of_a_machine_before_somebody_agrees(
    there: Stack, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root) == 1
    assert "Nobody can be asked here" in capsys.readouterr().err

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert run(root) == 1
    assert "Nothing has changed" in capsys.readouterr().err
    assert there.done == []


@pytest.mark.parametrize("said", [None, "", "yes", "local", "notebook"])
def test_where_data_are_kept_only_the_applications_name_will_do(
    there: Stack,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    said: str | None,
) -> None:
    durable(root)
    monkeypatch.setenv("CI", "true")
    if said is None:
        assert run(root, "--yes") == 1
        assert f"CONFIRM={APP}" in capsys.readouterr().err
    else:
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("builtins.input", lambda _: said)
        assert run(root, "--yes") == 1
        assert run(root, "--confirm", "notebook") == 1
    assert there.done == []


def test_the_applications_name_does(
    there: Stack, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    durable(root)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: APP)
    assert run(root) == 0
    assert run(root, "--drop-old", "--confirm", APP) == 0

    assert there.done[-1] == f"dump confirm {KEY}"


@pytest.mark.parametrize(
    ("fails", "why", "before"),
    [
        (f"web-a1: pause {APP}", "worker cannot be stopped", UP_TO_THE_PAUSE),
        ("dump swap", "another dump is at work", SWAPPED[:3]),
        ("operations: migrate", "the migration failed", SWAPPED),
        (f"api-a1: start {APP}", "answers 500", [*SWAPPED, "start"]),
        (f"web-a1: start {APP} --all", "worker stops", [*SWAPPED, "start", "start --all"]),
    ],
)
def test_whatever_fails_before_visitors_are_let_in_is_put_back(
    there: Stack,
    root: Path,
    capsys: pytest.CaptureFixture[str],
    fails: str,
    why: str,
    before: list[str],
) -> None:
    there.fails[fails] = why

    assert run(root, "--yes") == 1

    swapped = f"operations: migrate {APP} 1.0.0 --restored" in before
    after = PUT_BACK if swapped else [f"dump discard {KEY}", "resume"]
    told = there.done[len(before) :]
    if fails.startswith("web-a1: pause"):
        assert there.aside == []
    assert there.done[: len(before)] == before
    assert told == after
    assert there.aside == []
    assert there.hosts_told("resume") == set(HOSTS)
    said = capsys.readouterr().err
    assert why in said
    assert "serves again, and its database is as it was" in said


def test_what_does_not_come_off_while_it_is_put_back_is_said(
    there: Stack, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there.fails[f"api-a1: start {APP}"] = "answers 500"
    there.fails["dump undo"] = "no route to the database"

    assert run(root, "--yes") == 1

    said = capsys.readouterr().err
    assert "Nor is all as it was before: no route to the database" in said
    assert there.done[-1] == "resume"


def test_a_host_that_is_rebooted_meanwhile_is_waited_for(there: Stack, root: Path) -> None:
    there.unreached[f"web-a1: resume {APP}"] = 2

    assert run(root, "--yes") == 0

    assert there.asked.count(f"web-a1: resume {APP}") == 3
    assert there.asked.count(f"api-a1: resume {APP}") == 1


def test_once_visitors_are_let_in_nothing_is_put_back(
    there: Stack, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there.fails[f"web-a1: resume {APP}"] = "web does not answer"

    assert run(root, "--yes") == 1

    assert there.aside == [ASIDE]
    assert "have changed places" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whoever_stops_it_waits_until_all_is_as_it_was(
    there: Stack, root: Path, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(asked: str) -> None:
        if asked.startswith("dump swap"):
            os.kill(os.getpid(), number)

    there.meanwhile = stop
    before = signal.getsignal(signal.SIGINT)

    assert run(root, "--yes") == 130

    assert there.done == [*SWAPPED[:3], *PUT_BACK]
    assert there.aside == []
    assert signal.getsignal(signal.SIGINT) is before


def test_hosts_are_told_to_stay_paused_while_something_takes_long(
    there: Stack, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "LONGEST_PAUSE", 0.03)

    def slow(asked: str) -> None:
        while asked.startswith("operations: migrate") and there.asked.count(PAUSE) < 3:
            pass

    there.meanwhile = slow

    assert run(root, "--yes") == 0


PAUSE = f"api-a1: pause {APP}"


def test_of_two_restores_one_goes_first(
    there: Stack, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there.paused.add("web-a1")

    assert run(root, "--yes") == 1

    assert "paused on web-a1" in capsys.readouterr().err
    assert there.done == []


def test_a_version_that_is_half_way_in_is_waited_for(
    there: Stack, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there.pending = "1.0.1"

    assert run(root, "--yes") == 1

    assert "1.0.1 is not confirmed on api-a1" in capsys.readouterr().err
    assert there.done == []


def test_an_earlier_restore_is_settled_first(
    there: Stack, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there.aside.append(ASIDE)

    assert run(root, "--yes") == 1
    assert "DROP_OLD=1, or go back to it with UNDO=1" in capsys.readouterr().err
    assert there.done == []

    assert run(root, "--yes", "--undo") == 0
    migrated = f"operations: migrate {APP} 1.0.0 --restored"
    assert there.done == [
        *("pause", f"dump undo {KEY}", migrated, "start", "start --all", "resume")
    ]
    assert run(root, "--yes", "--undo") == 1
    assert "nothing stands aside" in capsys.readouterr().err


def test_without_a_dump_it_says_how_to_take_one(
    there: Stack, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there.dumps = ()

    assert run(root, "--yes") == 1

    assert f"make dump STACK=… APP={APP}" in capsys.readouterr().err


def test_without_a_release_a_dump_is_restored_all_the_same(there: Stack, root: Path) -> None:
    """As after a disaster: first the stack, then the data, then the version."""
    file = root / "Pulumi.local.yaml"
    file.write_text(file.read_text().replace(f"    {APP}: 1.0.0\n", ""))

    assert run(root, "--yes") == 0

    assert not [one for one in there.done if "migrate" in one]


def test_tasks_on_ecs_are_not_paused_from_here(
    there: Stack, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("commands.stack.Stack.pools_of", lambda *_: set[str]())

    assert run(root, "--yes") == 1

    assert "docs/guide.md" in capsys.readouterr().err
    assert there.asked == []
