"""Whoever asked first comes in first, but for one that all others wait for."""

import threading
import time
from collections.abc import Callable

import pytest

from localcloud.control_plane.turns import Turns

PATIENCE = 120.0


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


class Queue:
    """Threads that wait for their turn, in the order in which they were told to."""

    def __init__(self, turns: Turns) -> None:
        self.came: list[str] = []
        self._turns = turns
        self._threads: list[threading.Thread] = []

    def add(self, name: str, *, first: bool = False) -> None:
        def take() -> None:
            with self._turns.turn(first=first):
                self.came.append(name)

        thread = threading.Thread(target=take, daemon=True)
        self._threads.append(thread)
        thread.start()
        wait_until(lambda: self._turns.waiting == len(self._threads))

    def done(self) -> list[str]:
        for thread in self._threads:
            thread.join(PATIENCE)
        return self.came


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    turns = Turns()
    queue = Queue(turns)
    with turns.turn():
        for name in "abcde":
            queue.add(name)
        assert queue.came == []

    assert queue.done() == list("abcde")


def test_who_leaves_and_comes_again_stands_behind_those_who_waited() -> None:
    turns = Turns()
    queue = Queue(turns)
    with turns.turn():
        queue.add("waited")
    with turns.turn():
        queue.came.append("again")

    assert queue.done() == ["waited", "again"]


def test_one_comes_ahead_of_all_who_wait() -> None:
    turns = Turns()
    queue = Queue(turns)
    with turns.turn():
        queue.add("a")
        queue.add("b")
        queue.add("saver", first=True)

    assert queue.done() == ["saver", "a", "b"]


def test_a_turn_within_a_turn_needs_no_waiting_and_ends_with_the_outer_one() -> None:
    turns = Turns()
    queue = Queue(turns)
    with turns.turn():
        queue.add("other")
        with turns.turn():
            pass
        assert queue.came == []

    assert queue.done() == ["other"]


def test_an_error_ends_a_turn() -> None:
    turns = Turns()
    queue = Queue(turns)

    def fail() -> None:
        with turns.turn():
            queue.add("next")
            raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        fail()

    assert queue.done() == ["next"]
