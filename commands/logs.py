"""What an application's processes have written, wherever they run, in the order of time.

make logs STACK=prod APP=notebook                         # the last 100 lines of each
make logs STACK=prod APP=notebook SERVICE=api LINES=1000
make logs STACK=prod APP=notebook HOST=api-a1 FOLLOW=1    # as they come, until Ctrl-C
"""

import argparse
from collections.abc import Generator
from contextlib import contextmanager

from commands.arguments import add_application
from commands.error import CommandError
from commands.host_logs import HostLogs
from commands.logged import Logs, in_order
from commands.operations import in_pools, way_to
from commands.stack import Stack
from commands.task_logs import task_logs


def arguments(parser: argparse.ArgumentParser) -> None:
    add_application(parser)
    parser.add_argument("--service", help="of this one alone (default: all of the application's)")
    parser.add_argument("--host", help="from this one alone (default: all that it runs on)")
    parser.add_argument(
        "--lines", type=_number, default=100, help="of each service and host (default: 100)"
    )
    parser.add_argument("--follow", action="store_true", help="go on as they come, until Ctrl-C")


def run(stack: Stack, given: argparse.Namespace) -> int:
    with _logs(stack, given) as logs:
        if not given.follow:
            for line in in_order(logs.newest(given.lines)):
                print(line)
            return 0
        try:
            for line in logs.coming(given.lines):
                print(line, flush=True)
        except KeyboardInterrupt:
            pass  # that is how it ends
    return 0


@contextmanager
def _logs(stack: Stack, given: argparse.Namespace) -> Generator[Logs]:
    application = stack.application(given.application)
    services = stack.services(given.application, given.service)
    pools = stack.pools_of(given.application)
    if not pools:
        if given.host:
            raise CommandError(
                f"{given.application} runs as tasks on {stack.name}, which have no hosts.",
                "Leave the host out; SERVICE= chooses a service.",
            )
        yield task_logs(stack, [f"{given.application}-{service}" for service in services])
        return
    with way_to(stack) as way:
        found = in_pools(way.hosts, pools)
        if given.host and given.host not in found:
            raise CommandError(
                f"{given.application} does not run on {given.host}.",
                f"It runs on {', '.join(found)}.",
            )
        hosts = [given.host] if given.host else found
        yield HostLogs(way, hosts, application, services)


def _number(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of lines between 1 and 100000")
    return int(text)
