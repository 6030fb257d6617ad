"""The first content of an application's database, by its own command, once."""

import argparse

from commands.arguments import add_application
from commands.error import CommandError
from commands.operations import Way, way_to
from commands.progress import under_way
from commands.stack import Stack
from hosts.programs import DIRECTORY

# As every script of ours on a host: one after the other.
TURN = ("sudo", "-n", "flock", "--wait", "900", "/run/groundwork.lock", f"{DIRECTORY}/release")


def arguments(parser: argparse.ArgumentParser) -> None:
    add_application(parser)
    parser.add_argument("--confirm", metavar="STACK", help="the stack's name, where it is durable")
    parser.add_argument("--again", action="store_true", help="even if it has been done")


def run(stack: Stack, given: argparse.Namespace) -> int:
    version = serving(stack, given.application)
    migration = stack.application(given.application).migration
    if migration is None or migration.seed is None:
        raise CommandError(
            f"{given.application} has no seed.",
            f"It is a command of the release: migration.seed in apps/{given.application}.yaml.",
        )
    if stack.settings.durable and given.confirm != stack.name:
        raise CommandError(
            f"{stack.name} is durable: a seed writes into data that are kept.",
            f"If it is meant: make seed STACK={stack.name} APP={given.application} "
            f"CONFIRM={stack.name}",
        )
    with way_to(stack) as way:
        again = ["--again"] if given.again else []
        return on_operations(way, "seed", given.application, version, *again)


def serving(stack: Stack, application: str) -> str:
    """The version of an application that a stack has; CommandError where there is none."""
    stack.application(application)
    version = stack.settings.releases.get(application)
    if version is None:
        raise CommandError(
            f"Nothing of {application} is released on {stack.name}.",
            f"First: make release STACK={stack.name} APP={application} VERSION=…",
        )
    return version


def on_operations(way: Way, *words: str) -> int:
    """The exit code of an action of the release program; what it says is shown."""
    with under_way(f"{words[0]} on the operations instance"):
        done = way.run(*TURN, *words)
    print(done.stdout + done.stderr, end="", flush=True)
    return done.returncode
