"""A drill is asked of the operations instance, for a database that has dumps."""

from collections.abc import Generator
from contextlib import contextmanager

import pytest

from commands import dump, restore_drill
from commands.__main__ import main


class Way:
    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def show(self, *words: str, given: str | None = None) -> int:
        self.asked.append(words)
        return 3


@pytest.fixture
def way(monkeypatch: pytest.MonkeyPatch) -> Way:
    made = Way()

    @contextmanager
    def way_to(stack: object) -> Generator[Way]:
        yield made

    monkeypatch.setattr(restore_drill, "way_to", way_to)
    monkeypatch.setattr(dump, "way_to", way_to)
    return made


def test_the_newest_dump_is_drilled_by_the_user_of_dumps_and_its_outcome_is_the_commands(
    way: Way,
) -> None:
    assert main(["restore-drill", "prod", "threed-generator"]) == 3

    program = "/usr/local/lib/groundwork/dump"
    user = ("sudo", "-n", "-u", "groundwork-dumps")
    assert way.asked == [(*user, program, "drill", "threed-generator-main")]


def test_one_more_dump_is_taken_by_the_same_user(way: Way) -> None:
    assert main(["dump", "prod", "threed-generator"]) == 3

    assert way.asked[0][2:] == (
        *("-u", "groundwork-dumps", "/usr/local/lib/groundwork/dump"),
        *("dump", "threed-generator-main"),
    )


def test_an_older_dump_can_be_named(way: Way) -> None:
    main(["restore-drill", "prod", "threed-generator", "--dump", "20261126_020000"])

    assert way.asked[0][-2:] == ("--dump", "20261126_020000")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nobody"], "It has threed-generator, "),
        (["threed-generator", "--store", "cache"], "databases with dumps are main"),
    ],
)
def test_what_has_no_dumps_is_said_with_what_has(
    way: Way, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["restore-drill", "prod", *words]) == 1

    assert said in capsys.readouterr().err
    assert way.asked == []
