"""An application's processes anew, host by host, as a release does it: nobody notices.

    make restart STACK=prod APP=notebook              # all of its services
    make restart STACK=prod APP=notebook SERVICE=api  # one

A host that does not become healthy again stays out of rotation, and the next is not touched. Tasks
are replaced by ECS, which starts new ones before it ends the old.
"""

import argparse
import sys

from commands.arguments import add_application
from commands.cloud import explained
from commands.error import CommandError
from commands.graph import graph
from commands.operations import Way, in_pools, way_to
from commands.progress import under_way
from commands.seed import TURN, serving
from commands.stack import Stack


def arguments(parser: argparse.ArgumentParser) -> None:
    add_application(parser)
    parser.add_argument("--service", help="this one alone (default: all of the application's)")


def run(stack: Stack, given: argparse.Namespace) -> int:
    application = given.application
    chosen = stack.services(application, given.service)
    pools = stack.pools_of(application)
    if not pools:
        return _tasks(stack, application, chosen)
    serving(stack, application)
    with way_to(stack) as way:
        hosts = in_pools(way.hosts, pools)
        for number, host in enumerate(hosts, 1):
            _restart(way, host, application, given.service, f"{number} of {len(hosts)}")
    return 0


def _restart(way: Way, host: str, application: str, service: str | None, place: str) -> None:
    which = ("--service", service) if service else ()
    with under_way(f"{host} ({place})"):
        done = way.run(*TURN, "restart", application, *which, host=host)
    if done.returncode:
        raise CommandError(
            f"{host}: {done.stderr.strip()}",
            "The hosts after it have not been touched. What is there: make status",
        )
    for line in done.stdout.splitlines():
        print(f"{host}: {line.removeprefix('changed: ')}")
    sys.stdout.flush()


def _tasks(stack: Stack, application: str, chosen: list[str]) -> int:
    wanted = {f"{application}-{service}" for service in chosen}
    client = stack.cloud.client("ecs")
    for service in graph(stack.engine).of("aws:ecs/service:Service"):
        if service.name in wanted:
            with explained():
                client.update_service(
                    cluster=service.text("cluster"),
                    service=service.text("name"),
                    forceNewDeployment=True,
                )
            print(f"{service.name}: ECS replaces its tasks")
    return 0
