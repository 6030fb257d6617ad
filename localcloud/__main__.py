"""`python -m localcloud up | down | status | preview | doctor | publish | pulumi | run`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from commands.ending import exit_code
from localcloud import paths as places
from localcloud.paths import Paths

Command = Callable[[Paths, argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(_with_separator(sys.argv[1:] if arguments is None else arguments))
    paths = places.of(given.project, given.home)
    command: Command = given.command
    return exit_code(
        lambda: command(paths, given), stopped="Stopped. The same command goes on from here."
    )


def _with_separator(arguments: Sequence[str]) -> list[str]:
    """Everything after `pulumi` or `run` is another program's, options such as --help included."""
    for at, word in enumerate(arguments, 1):
        if word in ("pulumi", "run"):
            return [*arguments[:at], "--", *arguments[at:]]
    return list(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m localcloud", description="AWS on this machine, for the real program."
    )
    parser.add_argument(
        "--project", type=Path, metavar="DIR", help="the Pulumi project to run (default: this one)"
    )
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="where its things are kept (default: .local in it)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=f"{text}.")
        added.set_defaults(command=command)
        return added

    stack: dict[str, Any] = {"nargs": "?", "default": "local", "metavar": "STACK"}
    stack["help"] = "default: local"
    add("up", _up, "Bring a stack up on this machine").add_argument("stack", **stack)
    add("down", _down, "Destroy it; leave nothing").add_argument("stack", **stack)
    add("status", _status, "Say what is up").add_argument("stack", **stack)
    preview = add("preview", _preview, "Say what a stack would make, and what the policies say")
    preview.add_argument("stack", metavar="STACK")
    preview.add_argument(
        "--aws", action="store_true", help="in the real account, with your credentials and backend"
    )
    add("doctor", _doctor, "Say what this machine lacks")
    publish = add("publish", _publish, "Pack a version of a small application, and publish it")
    publish.add_argument("application", metavar="APP")
    publish.add_argument("version", metavar="VERSION")
    publish.add_argument("stack", **stack)
    pulumi = add("pulumi", _pulumi, "The engine's own command line in the right environment")
    pulumi.add_argument("arguments", nargs="*", metavar="ARGUMENT")
    program = add("run", _run, "Run a program that finds this cloud where it would find AWS")
    program.add_argument("arguments", nargs="+", metavar="WORD")
    return parser


# Each command is imported when it is asked for: `--help` should not wait for any of them.


def _up(paths: Paths, given: argparse.Namespace) -> int:
    from localcloud.commands import up

    return up.run(paths, given.stack)


def _down(paths: Paths, given: argparse.Namespace) -> int:
    from localcloud.commands import down

    return down.run(paths, given.stack)


def _status(paths: Paths, given: argparse.Namespace) -> int:
    from localcloud.commands import status

    return status.run(paths, given.stack)


def _preview(paths: Paths, given: argparse.Namespace) -> int:
    from localcloud.commands import preview

    return preview.run(paths, given.stack, aws=given.aws)


def _doctor(paths: Paths, given: argparse.Namespace) -> int:
    from localcloud.commands import doctor

    return doctor.run(paths)


def _publish(paths: Paths, given: argparse.Namespace) -> int:
    from localcloud.commands import publish

    return publish.run(paths, given.stack, given.application, given.version)


def _pulumi(paths: Paths, given: argparse.Namespace) -> int:
    from localcloud.commands import pulumi

    return pulumi.run(paths, given.arguments)


def _run(paths: Paths, given: argparse.Namespace) -> int:
    from localcloud.commands import run

    return run.run(paths, given.arguments)


if __name__ == "__main__":
    sys.exit(main())
