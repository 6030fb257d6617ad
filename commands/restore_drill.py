"""The newest dump of an application's database, restored beside it, validated and dropped."""

import argparse

from commands.arguments import add_application, add_store
from commands.error import CommandError
from commands.operations import way_to
from commands.stack import Stack
from hosts.roles.dumps import PROGRAM, USER


def arguments(parser: argparse.ArgumentParser) -> None:
    add_application(parser)
    add_store(parser)
    parser.add_argument("--dump", help="its time in UTC, YYYYMMDD_HHMMSS (default: the newest)")


def run(stack: Stack, given: argparse.Namespace) -> int:
    key = database(stack, given.application, given.store)
    chosen = ("--dump", given.dump) if given.dump else ()
    with way_to(stack) as way:
        return way.show("sudo", "-n", "-u", USER, PROGRAM, "drill", key, *chosen, given="")


def database(stack: Stack, application: str, store: str | None) -> str:
    """The key of a database that is dumped."""
    databases = stack.application(application).databases
    dumped = sorted(name for name, one in databases.items() if one.dump)
    if store is None and len(dumped) == 1:
        store = dumped[0]
    if store not in dumped:
        raise CommandError(
            f"{application} has no dumps of {store}."
            if store
            else f"{application} has {len(dumped)} databases with dumps.",
            f"Its databases with dumps are {', '.join(dumped) or 'none'}: --store NAME.",
        )
    return f"{application}-{store}"
