"""A shell on the operations instance or on a host through it, or one command there."""

import argparse

from commands.operations import OPERATIONS, way_to
from commands.stack import Stack


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", default=OPERATIONS, help="a host of the stack (default: the operations instance)"
    )
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="a command after --; a login shell without one"
    )


def run(stack: Stack, given: argparse.Namespace) -> int:
    with way_to(stack) as way:
        return way.show(*given.words, host=given.host)
