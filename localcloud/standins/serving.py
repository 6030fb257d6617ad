"""Start a gRPC plugin as the engine expects: bind, print the port, serve until told to stop."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent import futures

import grpc

from localcloud.standins.journal import Journalled

# The engine's own limit for one message.
LIMIT = 400 * 1024 * 1024
CHANNEL = [("grpc.max_receive_message_length", LIMIT), ("grpc.max_send_message_length", LIMIT)]

# The engine runs this many operations at once unless told otherwise; each may hold a thread.
WORKERS = 64

# The slowest resource there is takes less (a database with its replica).
ORPHAN_GRACE = 900.0


def engine_address(argv: Sequence[str]) -> str:
    """The only positional argument; log flags may stand before it."""
    arguments = iter(argv[1:])
    for argument in arguments:
        if argument == "--tracing":
            next(arguments, None)
        elif not argument.startswith("-"):
            return argument
    return ""


def channel(address: str) -> grpc.Channel:
    return grpc.insecure_channel(address, options=CHANNEL)


def new_server(interceptors: Sequence[grpc.ServerInterceptor] = ()) -> tuple[grpc.Server, int]:
    """A server on a free port of the loopback interface, not started yet."""
    pool = futures.ThreadPoolExecutor(max_workers=WORKERS)
    server = grpc.server(pool, interceptors=list(interceptors), options=CHANNEL)
    return server, server.add_insecure_port("127.0.0.1:0")


def serve(
    register: Callable[[grpc.Server], None],
    on_stop: Callable[[], None],
    journalled: Journalled | None = None,
) -> None:
    """Serve until a signal arrives or the engine that started this process is gone.

    With a journal, what is under way when the engine goes is brought to its end first.
    """
    server, port = new_server([journalled] if journalled else [])
    register(server)
    server.start()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    parent = os.getppid()

    def watch_parent() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        if journalled is not None:
            journalled.wait_until_idle(ORPHAN_GRACE)
        stop.set()

    threading.Thread(target=watch_parent, daemon=True).start()
    print(port, flush=True)
    while not stop.wait(0.5):
        pass
    on_stop()
    server.stop(0.2).wait()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that still wait for a command or a connection must not keep the process.
    os._exit(0)
