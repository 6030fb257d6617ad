"""One more dump of an application's database, now."""

import argparse

from commands.operations import way_to
from commands.restore_drill import database
from commands.stack import Stack
from hosts.roles.dumps import PROGRAM, USER


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("application", metavar="APP", help="as its file in apps/ is called")
    parser.add_argument("--store", help="which of its databases, where it has several")


def run(stack: Stack, given: argparse.Namespace) -> int:
    key = database(stack, given.application, given.store)
    with way_to(stack) as way:
        return way.show("sudo", "-n", "-u", USER, PROGRAM, "dump", key, given="")
