"""`python -m commands COMMAND STACK …`: what a person does with a stack beside `pulumi`."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, cast

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


class Said(NamedTuple):
    """What help says of a command."""

    does: str
    example: str
    """Its words after STACK."""


# By name, which is its module's as well.
COMMANDS = {
    "publish": Said(
        "Put one part of a version into the artifact bucket, with its digest",
        "notebook 1.4.2 build/api.tar.gz --part api",
    ),
    "release": Said(
        "Serve a published version of an application, and change nothing else", "notebook 1.4.2"
    ),
    "rollback": Said(
        "Serve the version that served before, or an older one", "notebook --to 1.4.0"
    ),
    "rotate": Said(
        "A new signing key or database password, with nobody logged out", "notebook JWT_SECRET"
    ),
    "seed": Said("Give an application's database its first content", "notebook"),
    "dump": Said("Take one more dump of a database, now", "notebook --store main"),
    "restore": Said(
        "Put a database back to one of its dumps, in a short pause of its application",
        "notebook --dump 20261126_020000",
    ),
    "restore-drill": Said(
        "Restore the newest dump of a database beside it, validate it and drop it", "notebook"
    ),
    "status": Said("Say what is there, where it is and whether it is well", "--picture prod.svg"),
    "picture": Said("Draw what is there, from the state's resource graph", "prod.svg"),
    "logs": Said(
        "Show what an application's processes have written, or go on as it comes",
        "notebook --service api --lines 50 --follow",
    ),
    "restart": Said(
        "Start an application's processes anew, host by host, with nobody noticing",
        "notebook --service api",
    ),
    "connect": Said(
        "Open a shell on the operations instance or on a host, or run one command there",
        "--host web-a1 -- uptime",
    ),
    "repair": Said(
        "Make cloud and hosts again what the files say, whatever was done to them by hand", ""
    ),
}


def main(words: Sequence[str] | None = None, root: Path = ROOT) -> int:
    given = parsed(sys.argv[1:] if words is None else words)
    return exit_code(
        lambda: _command(given.command).run(stack(given.stack, root), given),
        stopped="Stopped. What is there: make status",
    )


def parsed(words: Sequence[str]) -> argparse.Namespace:
    """What was asked for; ends the program with what is wrong, or with help."""
    parser = argparse.ArgumentParser(prog="python -m commands", description=__doc__)
    choices = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, (text, example) in COMMANDS.items():
        choice = choices.add_parser(
            name,
            help=text,
            description=f"{text}.",
            epilog=f"For example: python -m commands {name} prod {example}".rstrip(),
        )
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
