"""Logs of all hosts as one text, read by the programs that a host has."""

import os
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from commands import logs, task_logs
from commands.__main__ import main
from commands.error import CommandError
from commands.host_logs import HostLogs
from commands.logged import in_order, written_at
from commands.operations import Machine, Way
from commands.stack import stack

APP = "ai-notebook"
HOSTS = {"web-a1": "web", "api-a1": "api", "api-b1": "api", "back-a1": "back"}
# Says what it was asked for, as the one line that a unit has written.
JOURNAL = """\
#!/bin/sh
echo $$ >>"$READERS"
for word; do case $word in
--unit=*) echo "2026-11-26T10:00:0$SECOND+00:00 ${word#--unit=}[7]: ran" ;;
--follow) exec sleep 60 ;;
esac; done
"""


@dataclass
class Hosts:
    """With the programs of a host that read its journal."""

    folder: Path
    unreachable: str = ""

    def __post_init__(self) -> None:
        programs = {"sudo": '#!/bin/sh\nshift\nexec "$@"\n', "journalctl": JOURNAL}
        (self.folder / "bin").mkdir()
        for name, text in programs.items():
            (self.folder / "bin" / name).write_text(text)
            (self.folder / "bin" / name).chmod(0o755)
        self.asked: list[tuple[str, str]] = []
        self.hosts = {
            name: Machine(instance_id=f"i-{name}", address="", pool=pool)
            for name, pool in HOSTS.items()
        }

    def command(self, *words: str, host: str) -> list[str]:
        """ssh's place is taken by env."""
        second = sorted(HOSTS).index(host)
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        self.asked += [(host, word) for word in words if word.startswith("--lines")]
        facts = (f"PATH={path}", f"SECOND={second}", f"READERS={self.folder}/readers")
        return ["env", *facts, *words]

    def readers(self) -> list[str]:
        """Ids of the processes."""
        return (self.folder / "readers").read_text().split()

    def run(self, *words: str, host: str) -> "subprocess.CompletedProcess[str]":
        if host == self.unreachable:
            raise CommandError(f"{host} is not reached")
        return subprocess.run(self.command(*words, host=host), capture_output=True, text=True)


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hosts:
    made = Hosts(tmp_path)

    @contextmanager
    def way_to(_stack: object) -> Generator[Hosts]:
        yield made

    monkeypatch.setattr(logs, "way_to", way_to)
    return made


def said(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert main(["logs", "local", *words]) == 0
    return capsys.readouterr().out.splitlines()


def test_lines_of_all_hosts_of_an_application_come_in_the_order_of_time(
    hosts: Hosts, capsys: pytest.CaptureFixture[str]
) -> None:
    units = ("api", "worker", "worker-flush-views")

    lines = said(capsys, APP)

    assert lines == [
        f"{host}  2026-11-26T10:00:0{second}+00:00 ai-notebook-{unit}.service[7]: ran"
        for second, host in enumerate(("api-a1", "api-b1", "back-a1", "web-a1"))
        if host != "back-a1"
        for unit in units
    ]


def test_a_service_and_a_host_are_chosen(hosts: Hosts, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, APP, "--service", "api", "--host", "api-a1", "--lines", "2")

    assert lines == ["api-a1  2026-11-26T10:00:00+00:00 ai-notebook-api.service[7]: ran"]
    assert hosts.asked == [("api-a1", "--lines=2")]


def test_each_of_two_colours_is_read(hosts: Hosts, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "ingenio")

    assert [line.partition("+00:00 ")[2] for line in lines] == [
        "ingenio-api@8080.service[7]: ran",
        "ingenio-api@8081.service[7]: ran",
    ]


def test_a_host_that_is_not_reached_is_named(
    hosts: Hosts, capsys: pytest.CaptureFixture[str]
) -> None:
    hosts.unreachable = "api-b1"

    assert main(["logs", "local", APP]) == 1

    assert "api-b1 is not reached" in capsys.readouterr().err


def test_followed_lines_come_as_they_are_written_and_their_readers_end(hosts: Hosts) -> None:
    application = stack("local").application(APP)
    names = ["api-a1", "api-b1"]

    coming = HostLogs(cast(Way, hosts), names, application, ["worker"]).coming(10)
    lines = [next(coming) for _ in range(4)]
    coming.close()

    assert sorted(line.partition("  ")[0] for line in lines) == ["api-a1"] * 2 + ["api-b1"] * 2
    assert len(hosts.readers()) == 2
    assert not [pid for pid in hosts.readers() if Path(f"/proc/{pid}").exists()]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("shop",), "local has no application shop"),
        ((APP, "--service", "mail"), "ai-notebook has no service mail"),
        ((APP, "--host", "back-a1"), "It runs on api-a1, api-b1, web-a1"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    hosts: Hosts, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    assert main(["logs", "local", *words]) == 1
    assert why in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "many", "100001"])
def test_a_number_of_lines_is_one(capsys: pytest.CaptureFixture[str], number: str) -> None:
    with pytest.raises(SystemExit):
        main(["logs", "local", APP, "--lines", number])
    assert "between 1 and 100000" in capsys.readouterr().err


def test_what_tells_no_time_belongs_to_the_line_before_it() -> None:
    wanted = datetime(2026, 11, 26, 10, tzinfo=UTC)
    early, late = "2026-11-26T10:00:00+00:00 api[7]: x", "2026-11-26T12:00:01+0200 api[7]: y"

    assert written_at(early) == wanted
    assert written_at(late) == wanted + timedelta(seconds=1)
    assert written_at("20261126 it was") is None
    assert in_order([f"b  {late}", "b      second line", f"a  {early}"]) == [
        f"a  {early}",
        f"b  {late}",
        "b      second line",
    ]


# -- tasks --------------------------------------------------------------------------------------


class Groups:
    """CloudWatch, with events that come between two looks."""

    def __init__(self, *looks: list[dict[str, Any]]) -> None:
        self._looks = list(looks)
        self.since: list[int] = []

    def get_paginator(self, name: str) -> "Groups":
        assert name == "filter_log_events"
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        self.since.append(asked["startTime"])
        yield {"events": self._looks.pop(0)}


def event(number: int, at: datetime) -> dict[str, Any]:
    return {
        "eventId": str(number),
        "timestamp": int(at.timestamp() * 1000),
        "message": f"line {number}\n",
    }


def test_of_tasks_the_last_lines_of_an_hour_are_read() -> None:
    now = datetime.now(UTC)
    cloud = Groups([event(number, now) for number in range(5)])

    found = list(task_logs.TaskLogs(cloud, {"shop-api": "group"}).newest(2))

    assert [line.rpartition(" ")[2] for line in found] == ["3", "4"]
    assert found[0].startswith("shop-api  ")
    assert written_at(found[0].partition("  ")[2]) is not None
    age = now - datetime.fromtimestamp(cloud.since[0] / 1000, UTC)
    assert timedelta(minutes=59) < age < timedelta(minutes=61)


def test_of_tasks_each_line_comes_once_and_late_ones_come_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(task_logs, "SECONDS_BETWEEN_LOOKS", 0)
    now = datetime.now(UTC)
    old, new, late = event(1, now), event(2, now), event(3, now - timedelta(seconds=5))
    cloud = Groups([old], [late, old, new])

    coming = task_logs.TaskLogs(cloud, {"shop-api": "group"}).coming(10)

    assert [next(coming).rpartition(" ")[2] for _ in range(3)] == ["1", "3", "2"]
    assert datetime.fromtimestamp(cloud.since[1] / 1000, UTC) < now - timedelta(seconds=5)
