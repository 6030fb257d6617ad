"""Brings many stores to what is wanted of each, side by side, one piece of work a store."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

log = logging.getLogger(__name__)

# Between two attempts at what has failed, in seconds.
PAUSE = 2.0


class NotYetError(Exception):
    """Something else has to be there first; nobody need be told."""


class Store(Protocol):
    """What is wanted of one store."""

    @property
    def key(self) -> str:
        """The name of its directory."""
        ...


S = TypeVar("S", bound=Store)


class Fleet(Generic[S]):
    """Calls `ensure` where a wish is new, or its fulfilment was lost."""

    def __init__(
        self,
        workers: ThreadPoolExecutor,
        ensure: Callable[[S], None],
        remove: Callable[[str], None],
        stands: Callable[[S], bool],
    ) -> None:
        self._workers = workers
        self._ensure = ensure
        self._remove = remove
        self._stands = stands
        self._busy: dict[str, Future[None]] = {}
        self._done: dict[str, S] = {}
        self._retry: dict[str, float] = {}
        self.problems: dict[str, str] = {}

    def bring_to(self, wanted: Mapping[str, S], there: Iterable[str]) -> None:
        for key, store in wanted.items():
            if self._idle(key) and not (self._done.get(key) == store and self._stands(store)):
                self._submit(key, lambda store=store: self._fulfil(store))
        for key in set(there) - wanted.keys():
            if self._idle(key):
                self._submit(key, lambda key=key: self._forget(key))

    def done(self, store: S) -> bool:
        """Whether a store is as it is wanted now, and nothing is being done to it."""
        future = self._busy.get(store.key)
        return self._done.get(store.key) == store and (future is None or future.done())

    def _idle(self, key: str) -> bool:
        future = self._busy.get(key)
        return (future is None or future.done()) and time.monotonic() > self._retry.get(key, 0)

    def _fulfil(self, store: S) -> None:
        self._ensure(store)
        self._done[store.key] = store

    def _forget(self, key: str) -> None:
        self._remove(key)
        self._done.pop(key, None)

    def _submit(self, key: str, work: Callable[[], None]) -> None:
        def guarded() -> None:
            self._done.pop(key, None)
            try:
                work()
                self.problems.pop(key, None)
            except NotYetError:
                self._retry[key] = time.monotonic() + PAUSE / 4
            except Exception as error:
                if self.problems.get(key) != str(error):
                    log.exception("%s", key)
                self.problems[key] = str(error)
                self._retry[key] = time.monotonic() + PAUSE

        self._busy[key] = self._workers.submit(guarded)


def directory_name(kind: str, region: str, identifier: str) -> str:
    """A machine name: readable, within 64 characters, one for each region's thing of a kind."""
    digest = hashlib.sha256(f"{region} {identifier}".encode()).hexdigest()[:6]
    return f"{kind}-{identifier[:40].rstrip('-')}-{digest}"
