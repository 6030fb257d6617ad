"""One more dump of an application's database, now."""

import argparse

from commands.arguments import add_application, add_store
from commands.operations import way_to
from commands.restore_drill import database
from commands.stack import Stack
from hosts.roles.dumps import PROGRAM, USER


def arguments(parser: argparse.ArgumentParser) -> None:
    add_application(parser)
    add_store(parser)


def run(stack: Stack, given: argparse.Namespace) -> int:
    key = database(stack, given.application, given.store)
    with way_to(stack) as way:
        return way.show("sudo", "-n", "-u", USER, PROGRAM, "dump", key, given="")
