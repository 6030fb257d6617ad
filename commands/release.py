"""One version of one application, and nothing else, on a stack that is up."""

import argparse
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from commands.arguments import add_application, add_yes
from commands.artifacts import Artifacts
from commands.asking import agreed
from commands.changes import Step, kind_and_name, listed, previewed
from commands.error import CommandError
from commands.progress import under_way
from commands.stack import Stack
from commands.stack_file import StackFile, with_release
from commands.window import refuse_outside

# Component → kinds of resource in it that a version changes; None is all of them.
OF_A_RELEASE: dict[str, tuple[str, ...] | None] = {
    "groundwork:hosts:Release": None,
    "groundwork:compute:Image": None,
    "groundwork:compute:FargateService": (
        "aws:ecs/taskDefinition:TaskDefinition",
        "aws:ecs/service:Service",
    ),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    add_application(parser)
    parser.add_argument("version", metavar="VERSION", help="as it was published")
    parser.add_argument(
        "--now", action="store_true", help="outside of groundwork:migration_window, too"
    )
    add_yes(parser)


def run(stack: Stack, given: argparse.Namespace) -> int:
    stack.parts(given.application)  # refuses what is no application
    if not given.now:
        refuse_outside(stack, given.application)
    return release(stack, given.application, given.version, asks=not given.yes)


def release(stack: Stack, application: str, version: str, *, asks: bool) -> int:
    """The exit code; CommandError where the version does not serve, and then all is as before."""
    parts = stack.parts(application)
    stack.check_version(version)
    before = stack.settings.releases.get(application)
    with under_way("looking into the artifact bucket"):
        Artifacts(stack.cloud, stack.settings.artifacts).refuse_missing(application, version, parts)
    with _written(stack.file, application, version) as change:
        steps = previewed(stack.engine)
        if not steps:
            change.keep()
            print(f"Nothing to do: {application} {version} is what {stack.name} has.")
            return 0
        _refuse_others(stack, application, steps)
        _show(stack.name, application, before, version, steps)
        if not agreed("Release it?", yes=not asks):
            raise CommandError("Not released.", f"{stack.file.path.name} is as it was.")
        if stack.engine.update():
            raise CommandError(
                f"{application} {version} is not released: the run failed, see above.",
                _after_failure(stack, application, before),
            )
        change.keep()
    print(f"{application} {version} serves on {stack.name}. Commit {stack.file.path.name}.")
    return 0


def is_of(step: Step, application: str) -> bool:
    """Whether a new version of the application brings this about."""
    for kind, name in ((step.kind, step.name), kind_and_name(step.parent)):
        mine = name == application or name.startswith(f"{application}-")
        if mine and kind in OF_A_RELEASE:
            kinds = OF_A_RELEASE[kind]
            return kinds is None or step.kind in kinds or step.kind == kind
    return False


def _refuse_others(stack: Stack, application: str, steps: Sequence[Step]) -> None:
    others = [step for step in steps if not is_of(step, application)]
    if not others:
        return
    raise CommandError(
        f"{stack.name} would change in more than this release of {application}:\n{listed(others)}",
        f"Bring the rest up first: {stack.engine.bring_up}",
    )


def _show(
    stack: str, application: str, before: str | None, version: str, steps: Sequence[Step]
) -> None:
    print(f"{application} on {stack}: {before or 'no release yet'} → {version}")
    for step in steps:
        print(f"  {step.operation:<8} {step.name}")


def _after_failure(stack: Stack, application: str, before: str | None) -> str:
    serves = (
        f"{before} goes on serving, and hosts that had changed go back to it by themselves"
        if before
        else f"{application} answers 503 until a release succeeds"
    )
    return (
        f"{serves}; {stack.file.path.name} is as it was. Correct the version and release it under "
        f"a new number. What serves where: make status STACK={stack.name}"
    )


@dataclass
class _Change:
    kept: bool = False

    def keep(self) -> None:
        self.kept = True


@contextmanager
def _written(file: StackFile, application: str, version: str) -> Generator[_Change]:
    """The file names the version; unless that is kept, it is as it was when the block ends."""
    before = file.read()
    after = with_release(before, application, version)
    change = _Change()
    if after != before:
        file.write(after)
    try:
        yield change
    finally:
        if not change.kept and after != before:
            if file.read() == after:
                file.write(before)
            else:
                print(
                    f"{file.path.name} was changed meanwhile and is left alone: see to it that "
                    f"{application} stands there with the version that serves.",
                    file=sys.stderr,
                )
