"""The version that served before, or a named older one, in the way of any release."""

import argparse
import json
from typing import Any

from commands.arguments import add_application, add_yes
from commands.error import CommandError
from commands.operations import Way, in_pools, way_to
from commands.progress import under_way
from commands.release import release
from commands.seed import on_operations, serving
from commands.stack import Stack
from hosts.programs import DIRECTORY


def arguments(parser: argparse.ArgumentParser) -> None:
    add_application(parser)
    parser.add_argument(
        "--to", metavar="VERSION", help="back to this one (default: the one that served before)"
    )
    parser.add_argument(
        "--database",
        metavar="TARGET",
        help="and its database back to this version of the schema, once the older code serves",
    )
    add_yes(parser)


def run(stack: Stack, given: argparse.Namespace) -> int:
    application, target = given.application, given.database
    to = given.to or previous(stack, application)
    if target is None:
        return release(stack, application, to, asks=not given.yes)
    newest = serving(stack, application)
    # The release that made the newer schema knows the way back from it. Looked at before anything
    # changes; gone after the older code serves, which runs on the newer schema as it did when
    # that came, while the newer code would not run on the older.
    back = ("down", application, newest, "--target", target, "--kept", to)
    with way_to(stack) as way:
        print(f"The database of {application} would go back to {target}:", flush=True)
        if on_operations(way, *back, "--plan"):
            raise CommandError("Nothing has changed.")
    if code := release(stack, application, to, asks=not given.yes):
        return code
    with way_to(stack) as way:
        if on_operations(way, *back):
            raise CommandError(
                f"{application} {to} serves; its database did not go all the way back to {target}.",
                "What is said above names the file. Correct it, and do the rest with the same "
                "command on the operations instance: "
                f"{' '.join(('sudo', f'{DIRECTORY}/release', *back))}",
            )
    return 0


def previous(stack: Stack, application: str) -> str:
    """The version that was confirmed before the one that serves, as the hosts remember it."""
    _ = stack.parts(application)
    pools = stack.pools_of(application)
    if not pools:
        raise CommandError(
            f"{application} is on no host of {stack.name} that would know what served before.",
            f"Name the version: make rollback STACK={stack.name} APP={application} TO=…",
        )
    with under_way("asking the hosts"), way_to(stack) as way:
        histories = [history(way, host, application) for host in in_pools(way.hosts, pools)]
    # A host that was added later knows less.
    longest = max(histories, key=len) if histories else []
    if len(longest) < 2:
        raise CommandError(
            f"No version of {application} has served on {stack.name} before "
            f"{longest[0] if longest else 'this one'}.",
            f"Name the version: make rollback STACK={stack.name} APP={application} TO=…",
        )
    return longest[-2]


def history(way: Way, host: str, application: str) -> list[str]:
    """Confirmed versions in the order in which they served; the last one serves."""
    return [str(version) for version in shown(way, host, application)["history"]]


def shown(way: Way, host: str, application: str) -> dict[str, Any]:
    """What a host says of an application's releases."""
    done = way.run("sudo", "-n", f"{DIRECTORY}/release", "show", application, host=host)
    if done.returncode:
        raise CommandError(f"{host} does not say what it serves: {done.stderr.strip()}")
    return json.loads(done.stdout)
