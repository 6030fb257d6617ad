"""`python -m localcloud.control_plane --port N --state DIR [--host H] [--with MODULE]…`"""

import argparse
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from localcloud.control_plane.start import StartError, load_reconciler, refuse_port_in_use


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m localcloud.control_plane", description="AWS, emulated on this machine."
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, metavar="DIR")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--with",
        dest="modules",
        action="append",
        default=[],
        metavar="MODULE",
        help="a module exposing reconciler(); may be given several times",
    )
    arguments = parser.parse_args()
    stopping = threading.Event()

    def stop(signum: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        refuse_port_in_use(arguments.host, arguments.port)
        reconcilers = [load_reconciler(module) for module in arguments.modules]
        # Moto takes seconds to load; an error above does not wait for it.
        from localcloud.control_plane.server import ControlPlane

        plane = ControlPlane(arguments.host, arguments.port, arguments.state, reconcilers)
        plane.start()
    except StartError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    # Python's handlers run in this thread, which a signal that came to another does not wake.
    while not stopping.wait(0.5):
        pass
    plane.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
