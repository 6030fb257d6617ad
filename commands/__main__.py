"""`python -m commands COMMAND STACK …`: what a person does with a stack beside `pulumi`."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from commands.ending import exit_code
from commands.stack import Stack, stack
from settings.load import ROOT


class Command(Protocol):
    """What each command's module has."""

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its own, after STACK."""
        ...

    def run(self, stack: Stack, given: argparse.Namespace) -> int:
        """Its exit code; CommandError for what is shown without a traceback."""
        ...


# Name, which is its module's as well, and what it does.
COMMANDS = {
    "publish": "Put one part of a version into the artifact bucket, with its digest",
    "release": "Serve a published version of an application, and change nothing else",
    "rollback": "Serve the version that served before, or an older one",
    "rotate": "A new signing key or database password, with nobody logged out",
    "seed": "Give an application's database its first content",
    "dump": "Take one more dump of a database, now",
    "restore": "Put a database back to one of its dumps, in a short pause of its application",
    "restore-drill": "Restore the newest dump of a database beside it, validate it and drop it",
    "status": "Say what is there, where it is and whether it is well",
    "picture": "Draw what is there, from the state's resource graph",
    "logs": "Show what an application's processes have written, or go on as it comes",
    "restart": "Start an application's processes anew, host by host, with nobody noticing",
    "connect": "Open a shell on the operations instance or on a host, or run one command there",
    "repair": "Make cloud and hosts again what the files say, whatever was done to them by hand",
}


def main(words: Sequence[str] | None = None, root: Path = ROOT) -> int:
    given = _parser(sys.argv[1:] if words is None else words)
    return exit_code(
        lambda: _command(given.command).run(stack(given.stack, root), given),
        stopped="Stopped. What is there: make status",
    )


def _parser(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m commands", description=__doc__)
    choices = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, text in COMMANDS.items():
        choice = choices.add_parser(name, help=text, description=f"{text}.")
        choice.add_argument("stack", metavar="STACK", help="the stack: local, dev, prod …")
        # Only the one that is asked for is imported.
        if name in words:
            _command(name).arguments(choice)
    # argparse takes what stands behind -- for its own where an option stands before it.
    cut = words.index("--") if "--" in words else len(words)
    given, theirs = parser.parse_args(words[:cut]), list(words[cut + 1 :])
    if theirs and "words" not in given:
        parser.error(f"{given.command} takes no command after --")
    if theirs:
        given.words = [*given.words, *theirs]
    return given


def _command(name: str) -> Command:
    return cast(Command, importlib.import_module(f"commands.{name.replace('-', '_')}"))


if __name__ == "__main__":
    sys.exit(main())
