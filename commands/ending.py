"""How a command that a person gave comes to its end, whatever becomes of it."""

import signal
import sys
from collections.abc import Callable
from types import FrameType

from commands.error import CommandError


def exit_code(command: Callable[[], int], *, stopped: str) -> int:
    """The command's own; 1 where it says no, which is shown without a traceback; 130 where it was
    stopped, which `stopped` has a sentence for. `kill` and a closed terminal stop it as Ctrl-C
    does, so that it can give back what it holds.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return command()
    except CommandError as error:
        print(f"error: {error.what}", file=sys.stderr)
        if error.todo:
            print(f"  {error.todo}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(stopped, file=sys.stderr)
        return 130


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
