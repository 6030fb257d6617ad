"""Says that something long is under way: on a terminal each second, in a log now and then."""

import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

LOG_INTERVAL = 15.0
TERMINAL_INTERVAL = 1.0


@contextmanager
def under_way(what: str) -> Generator[None]:
    """For the time of a block that says nothing itself."""
    terminal = sys.stderr.isatty()
    began = time.monotonic()

    def tell() -> None:
        line = f"{what}: {time.monotonic() - began:.0f} s"
        sys.stderr.write(f"\r\x1b[K{line}" if terminal else f"{line}\n")
        sys.stderr.flush()

    try:
        with again_and_again(tell, TERMINAL_INTERVAL if terminal else LOG_INTERVAL):
            yield
    finally:
        if terminal:
            sys.stderr.write("\r\x1b[K")


@contextmanager
def again_and_again(act: Callable[[], None], seconds: float) -> Generator[None]:
    """Beside a block, each so many seconds; the last time is over when the block is."""
    over = threading.Event()

    def act_until_over() -> None:
        while not over.wait(seconds):
            act()

    beside = threading.Thread(target=act_until_over, daemon=True)
    beside.start()
    try:
        yield
    finally:
        over.set()
        beside.join()
