"""The peers of the benchmark do what groundwork does on the same host: nothing is left out."""

import re
from pathlib import Path

import pytest

from benchmarks import hosts_report
from benchmarks.configured_host import roles, steps
from benchmarks.hosts import PEERS, compare
from hosts.steps import Absent, Directory, File, Packages, Role, Running, Step, User

ROLES = roles(user="admin", public_key="ssh-ed25519 AAAA deploy", source="198.19.0.0/24")
WORD = re.compile(r"[\w./@-]+")


def words(*files: Path) -> set[str]:
    return {word for file in files for word in WORD.findall(file.read_text())}


SAID = {
    "ansible-core": words(*(PEERS / "ansible").rglob("*.yml")),
    "pyinfra": words(PEERS / "pyinfra/deploy.py"),
}


def named(step: Step) -> set[str]:
    """The words by which a person who writes a playbook would name the same."""
    match step:
        case Absent(path) if "ssh_host" in path:
            return set()  # listed by parts
        case File(path) | Directory(path) | Absent(path):
            return {path}
        case Packages(packages):
            return set(packages)
        case Running(unit):
            return {unit}
        case User(user, home):
            return {user, home}
        case _:
            return set()


@pytest.mark.parametrize("peer", SAID)
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_peer_is_asked_for_everything_that_a_role_asks_for(peer: str, role: Role) -> None:
    wanted = {word for step in steps([role]) for word in named(step)}

    assert wanted
    assert wanted - SAID[peer] == set()


class Ended:
    """Machines in a given state."""

    def __init__(self, *states: str, amiss: str = "") -> None:
        self._states, self._amiss = list(states), amiss

    def end_states(self) -> list[str]:
        return self._states

    def still_to_do(self) -> str:
        return self._amiss


class Named:
    name = "some tool"


@pytest.mark.parametrize(
    "ended",
    [Ended("a\nb", "a\nb"), Ended("a\nc", "a\nc"), Ended("a\nb", "a\nc"), Ended("a\nb", amiss="c")],
)
def test_only_runs_that_ended_alike_and_left_nothing_to_do_count(ended: Ended) -> None:
    agreed = {"another": ["a\nb"]}
    good = ended.end_states() == ["a\nb", "a\nb"] and not ended.still_to_do()

    if good:
        compare(Named(), ended, agreed)  # pyright: ignore[reportArgumentType]
        assert agreed["some tool"] == ["a\nb", "a\nb"]
    else:
        with pytest.raises(RuntimeError, match=r"differ|left to do"):
            compare(Named(), ended, agreed)  # pyright: ignore[reportArgumentType]


def result(turn: int, tool: str, seconds: float, kind: str = "first") -> hosts_report.Result:
    return {
        "round": turn,
        "tool": tool,
        "machines": 2,
        "kind": kind,
        "seconds": seconds,
        "controller_seconds": seconds / 4,
        "machine_seconds": seconds / 2,
        "connections": 4,
        "bytes": 4096,
        "load": 1.0,
        "others_seconds": 0.0,
    }


def test_a_ratio_is_taken_round_by_round_so_that_a_busy_machine_does_not_shift_it() -> None:
    found = [
        *(result(0, "groundwork", 1.0), result(0, "pyinfra", 2.0)),
        *(result(1, "groundwork", 50.0), result(1, "pyinfra", 100.0)),
        *(result(2, "groundwork", 3.0), result(2, "pyinfra", 9.0)),
    ]

    shown = hosts_report.tables(found)

    assert "| 2 (3) | 3.0 | 9.0 (2.0x) |" in shown
    assert "| 2 (3) | 0.8 + 1.5 | 2.2 + 4.5 (2.0x) |" in shown
    assert "| 2 (3) | 2; 2 | 2; 2 |" in shown


def test_the_picture_has_a_bar_for_each_tool_as_long_as_it_took() -> None:
    drawn = hosts_report.picture([result(0, "groundwork", 5.0), result(0, "pyinfra", 10.0)])

    assert re.findall(r'class="t(\d)" x="110" y="\d+" width="([\d.]+)"', drawn) == [
        ("0", "280.0"),
        ("2", "560.0"),
    ]
