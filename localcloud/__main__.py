"""`python -m localcloud up | down | status | preview | doctor | pulumi`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from localcloud import paths as places
from localcloud.error import LocalCloudError
from localcloud.paths import Paths


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    project = given.project.absolute() if given.project else places.ROOT
    paths = Paths(project=project, home=project / ".local")
    command: Callable[[Paths, argparse.Namespace], int] = given.command
    try:
        return command(paths, given)
    except LocalCloudError as error:
        print(f"error: {error.what}", file=sys.stderr)
        if error.todo:
            print(f"  {error.todo}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m localcloud", description="AWS on this machine, for the real program."
    )
    parser.add_argument(
        "--project", type=Path, metavar="DIR", help="the Pulumi project to run (default: this one)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    pulumi = commands.add_parser(
        "pulumi", help="the engine's own command line in the right environment", add_help=False
    )
    pulumi.add_argument("arguments", nargs=argparse.REMAINDER)
    pulumi.set_defaults(command=_pulumi)
    return parser


def _pulumi(paths: Paths, given: argparse.Namespace) -> int:
    from localcloud.commands import pulumi

    return pulumi.run(paths, given.arguments)


if __name__ == "__main__":
    sys.exit(main())
