"""A lock that is had in the order in which it was asked for."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """One thread at a time, which may come in again within its turn.

    `threading.RLock` goes to whoever runs at that moment: among many short requests one could wait
    for seconds.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[tuple[int, threading.Lock]] = deque()
        self._owner: int | None = None
        self._depth = 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @contextmanager
    def turn(self, *, first: bool = False) -> Iterator[None]:
        """Ahead of all who wait, or behind them."""
        self._take(first)
        try:
            yield
        finally:
            self._leave()

    def _take(self, first: bool) -> None:
        me = threading.get_ident()
        with self._guard:
            if self._owner in (None, me):
                self._owner = me
                self._depth += 1
                return
            turn = threading.Lock()
            turn.acquire()
            wait = self._waiting.appendleft if first else self._waiting.append
            wait((me, turn))
        # Whoever leaves hands over, so that nobody comes in between.
        turn.acquire()

    def _leave(self) -> None:
        with self._guard:
            self._depth -= 1
            if self._depth:
                return
            if not self._waiting:
                self._owner = None
                return
            self._owner, turn = self._waiting.popleft()
            self._depth = 1
            turn.release()
