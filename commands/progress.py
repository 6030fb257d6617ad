"""Says that something long is under way: on a terminal each second, in a log now and then."""

import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

LOG_INTERVAL = 15.0
TERMINAL_INTERVAL = 1.0


@contextmanager
def under_way(what: str) -> Generator[None]:
    """For the time of a block that says nothing itself."""
    terminal = sys.stderr.isatty()
    began = time.monotonic()
    over = threading.Event()

    def tell() -> None:
        while not over.wait(TERMINAL_INTERVAL if terminal else LOG_INTERVAL):
            line = f"{what}: {time.monotonic() - began:.0f} s"
            sys.stderr.write(f"\r\x1b[K{line}" if terminal else f"{line}\n")
            sys.stderr.flush()

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
        if terminal:
            sys.stderr.write("\r\x1b[K")
