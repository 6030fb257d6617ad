"""Puts one part of a version into the artifact bucket, with its digest."""

import argparse
from pathlib import Path

from commands.arguments import add_application
from commands.artifacts import Artifacts
from commands.error import CommandError
from commands.progress import under_way
from commands.stack import Stack
from hosts.roles.release import artifact_key


def arguments(parser: argparse.ArgumentParser) -> None:
    add_application(parser)
    parser.add_argument("version", metavar="VERSION", help="a new one, for example 1.4.2")
    parser.add_argument("file", metavar="FILE", type=Path, help="its .tar.gz or .jar")
    parser.add_argument(
        "--part", help="the service or site it is of; not needed where there is only one"
    )


def run(stack: Stack, given: argparse.Namespace) -> int:
    parts = stack.parts(given.application)
    stack.check_version(given.version)
    part = given.part or next(iter(parts))
    if part not in parts or (given.part is None and len(parts) > 1):
        named = f"{part} is none of them" if given.part else "say which of them it is"
        raise CommandError(
            f"{given.application} consists of {', '.join(parts)}: {named}.",
            f"Name it: --part {next(iter(parts))} (make: PART={next(iter(parts))})",
        )
    kind = parts[part]
    if not given.file.name.endswith(f".{kind}"):
        raise CommandError(
            f"{given.file.name} is no .{kind}, which is what {part} of {given.application} is."
        )
    key = artifact_key(given.application, part, kind, given.version)
    bucket = stack.settings.artifacts
    with under_way(f"publishing {given.file.name}"):
        uploaded = Artifacts(stack.cloud, bucket).publish(given.file, key)
    print(f"{'Published' if uploaded else 'There already, the same'}: s3://{bucket}/{key}")
    return 0
