from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from localcloud.services import fleet
from localcloud.services.fleet import Fleet, NotYetError, directory_name


@dataclass(frozen=True)
class Thing:
    key: str
    size: int = 1


class Workshop:
    """Does what a fleet asks for, and writes it down."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.standing: set[str] = set()
        self.failure: Exception | None = None
        self._workers = ThreadPoolExecutor(max_workers=1)
        self.fleet = Fleet[Thing](
            self._workers, self._ensure, self._remove, lambda thing: thing.key in self.standing
        )

    def _ensure(self, thing: Thing) -> None:
        self.done.append(f"{thing.key} {thing.size}")
        if self.failure:
            raise self.failure
        self.standing.add(thing.key)

    def _remove(self, key: str) -> None:
        self.done.append(f"no {key}")

    def want(self, *things: Thing, there: tuple[str, ...] = ()) -> list[str]:
        self.done.clear()
        self.fleet.bring_to({thing.key: thing for thing in things}, there)
        self._workers.submit(lambda: None).result()
        return self.done


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.setattr(fleet, "PAUSE", 0.0)
    return Workshop()


def test_what_is_new_or_changed_is_made_and_nothing_else(workshop: Workshop) -> None:
    assert workshop.want(Thing("a"), Thing("b")) == ["a 1", "b 1"]
    assert workshop.want(Thing("a"), Thing("b", 2)) == ["b 2"]


def test_what_fell_over_is_made_again(workshop: Workshop) -> None:
    workshop.want(Thing("a"))
    workshop.standing.clear()
    assert workshop.want(Thing("a")) == ["a 1"]


def test_what_nobody_wants_any_more_is_removed(workshop: Workshop) -> None:
    assert workshop.want(Thing("a"), there=("a", "old")) == ["a 1", "no old"]


def test_a_failure_is_told_and_tried_again(workshop: Workshop) -> None:
    workshop.failure = ValueError("no room")
    workshop.want(Thing("a"))
    assert workshop.fleet.problems == {"a": "no room"}
    workshop.failure = None
    assert workshop.want(Thing("a")) == ["a 1"]
    assert workshop.fleet.problems == {}


def test_what_only_has_to_wait_is_no_problem(workshop: Workshop) -> None:
    workshop.failure = NotYetError()
    workshop.want(Thing("a"))
    assert workshop.fleet.problems == {}
    assert not workshop.fleet.done(Thing("a"))


def test_what_is_wanted_otherwise_by_now_is_not_done(workshop: Workshop) -> None:
    """As where the wish comes while the one before is still being fulfilled."""
    workshop.want(Thing("a"))
    assert workshop.fleet.done(Thing("a"))
    assert not workshop.fleet.done(Thing("a", 2))


def test_names_are_fit_for_a_machine_and_differ_where_regions_do() -> None:
    long = directory_name("db", "eu-west-1", "x" * 63)
    assert len(long) <= 64
    assert long != directory_name("db", "eu-central-1", "x" * 63)
    assert directory_name("db", "eu-west-1", "main").startswith("db-main-")
