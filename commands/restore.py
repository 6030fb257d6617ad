"""A database back to one of its dumps, and what was there stays aside until somebody drops it.

The dump is prepared and validated beside the database while the application serves. Then all of
the application pauses on its hosts, the two change places, and it comes back; visitors are let in
only when everything is well. Whatever fails before that, the old database is put back.
"""

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

from commands.arguments import add_application, add_store
from commands.asking import agreed, answer
from commands.error import CommandError
from commands.operations import OPERATIONS, Way, in_pools, way_to
from commands.progress import again_and_again, under_way
from commands.restore_drill import database
from commands.rollback import shown
from commands.seed import TURN
from commands.stack import Stack
from hosts.roles.dumps import PROGRAM, USER
from hosts.roles.release import LONGEST_PAUSE

# A host that is rebooted meanwhile is waited for.
SECONDS_TO_RETURN = 300
SECONDS_BETWEEN_DIALS = 5


def arguments(parser: argparse.ArgumentParser) -> None:
    add_application(parser)
    add_store(parser)
    parser.add_argument(
        "--dump",
        help="its time in UTC, YYYYMMDD_HHMMSS, or a key in the bucket (default: the newest)",
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--undo", action="store_true", help="back to the database that an earlier restore put aside"
    )
    instead.add_argument("--drop-old", action="store_true", help="drop the one that was put aside")
    parser.add_argument("--confirm", metavar="APP", help="its name, where the stack is durable")
    parser.add_argument("--yes", action="store_true", help="ask nothing, where it is not")


@dataclass(frozen=True, kw_only=True)
class Place:
    """What is restored, and what pauses for it."""

    application: str
    database: str
    """APPLICATION-STORE."""
    hosts: tuple[str, ...]
    version: str | None
    """To whose schema a dump is brought; None where that is not a migration's concern."""

    @property
    def again(self) -> str:
        store = self.database.removeprefix(f"{self.application}-")
        return f"make restore STACK=… APP={self.application} DATABASE={store}"


def run(stack: Stack, given: argparse.Namespace) -> int:
    application = given.application
    key = database(stack, application, given.store)
    pools = stack.pools_of(application)
    if not pools:
        raise CommandError(
            f"{application} is on no host of {stack.name}: its tasks cannot be paused from here.",
            "What to do by hand is in docs/guide.md, Dumps and restores.",
        )
    migration = stack.tree.applications[application].migration
    migrated = migration is not None and key == f"{application}-{migration.store}"
    with way_to(stack) as way:
        place = Place(
            application=application,
            database=key,
            hosts=tuple(in_pools(way.hosts, pools)),
            version=stack.settings.releases.get(application) if migrated else None,
        )
        if given.drop_old:
            drop_old(stack, way, place, given)
        elif given.undo:
            undo(stack, way, place, given)
        else:
            restore(stack, way, place, given)
    return 0


# -- what a person asks for ---------------------------------------------------------------------


def restore(stack: Stack, way: Way, place: Place, given: argparse.Namespace) -> None:
    with under_way("looking"):
        refuse_paused(stack, way, place)
        if aside := state(way, place)["aside"]:
            raise CommandError(
                f"{aside[-1]} still stands aside from an earlier restore.",
                f"Drop it with {place.again} DROP_OLD=1, or go back to it with UNDO=1.",
            )
        dump = given.dump or newest(way, place)
    print(plan(stack, place, dump), flush=True)
    consent(stack, place, given, "Restore it?")
    words = ("prepare", place.database, "--dump", dump)
    if way.show("sudo", "-n", "-u", USER, PROGRAM, *words, given=""):
        raise CommandError(f"Not restored: {place.application} and its database are as they were.")
    paused = change_places(way, place, "swap")
    (aside,) = state(way, place)["aside"]
    print(
        f"{place.application} serves the data of {dump}; it was paused for {paused:.0f} s. "
        f"What was there before is {aside}, closed.\n"
        f"  All is well: {place.again} DROP_OLD=1\n"
        f"  Back to it:  {place.again} UNDO=1"
    )


def undo(stack: Stack, way: Way, place: Place, given: argparse.Namespace) -> None:
    with under_way("looking"):
        refuse_paused(stack, way, place)
        aside = set_aside(way, place)
    print(
        f"{place.database} on {stack.name} goes back to {aside}, which an earlier restore put "
        "aside. What was written since then is dropped.\n"
        f"{place.application} pauses for it on {', '.join(place.hosts)}.",
        flush=True,
    )
    consent(stack, place, given, "Go back?")
    paused = change_places(way, place, "undo")
    print(f"{place.application} serves what it served before; it was paused for {paused:.0f} s.")


def drop_old(stack: Stack, way: Way, place: Place, given: argparse.Namespace) -> None:
    with under_way("looking"):
        aside = set_aside(way, place)
    print(f"{aside} on {stack.name} is dropped: there is no way back to it.", flush=True)
    consent(stack, place, given, "Drop it?")
    print(of_database(way, place, "confirm"), end="")


def plan(stack: Stack, place: Place, dump: str) -> str:
    brought = f", migrations of {place.version} that it lacks run" if place.version else ""
    return (
        f"{place.database} on {stack.name} goes back to the dump {dump}:\n"
        f"  1. it is restored beside the database and validated; {place.application} serves\n"
        f"  2. {place.application} pauses on {', '.join(place.hosts)}: workers and schedules stop, "
        "visitors are answered 503\n"
        f"  3. the two databases change places{brought}\n"
        f"  4. {place.application} starts; when it is well, visitors are let in. If not, the old "
        "database is put back\n"
        "What was written since the dump is in the old database, which stays aside until you drop "
        "it. Caches, queues and buckets stay as they are."
    )


def consent(stack: Stack, place: Place, given: argparse.Namespace, question: str) -> None:
    """CommandError unless it is meant; where data are kept, whoever means it says the name."""
    if stack.settings.durable:
        said = given.confirm or answer(
            f"{stack.name} is durable. {question} Then type {place.application}: ",
            f"If it is meant: --confirm {place.application} (CONFIRM={place.application})",
        )
        meant = said == place.application
    else:
        meant = agreed(question, yes=given.yes)
    if not meant:
        raise CommandError("Nothing has changed.")


# -- while it is paused -------------------------------------------------------------------------


def change_places(way: Way, place: Place, action: str) -> float:
    """Seconds that it was paused; CommandError or KeyboardInterrupt where all is as before."""
    began = time.monotonic()
    with undisturbed() as stopped:
        try:
            everywhere(way, place, "pause")
            with kept_paused(way, place):
                with under_way("changing places"):
                    of_database(way, place, action)
                goes_on(stopped)
                if place.version:
                    migrate(way, place, place.version)
            for step in (("start",), ("start", "--all")):
                goes_on(stopped)
                everywhere(way, place, *step)
        except BaseException as why:
            put_back(way, place, why, swapped_by_us=action == "swap")
            raise
        let_in(way, place)
    return time.monotonic() - began


def let_in(way: Way, place: Place) -> None:
    """Visitors come back; from here on nothing is put back, or what they write would be lost."""
    try:
        everywhere(way, place, "resume", patient=True)
    except CommandError as error:
        raise CommandError(
            f"The databases have changed places, and {place.application} is let in, but:\n"
            f"{error.what}",
            "A host that was not reached comes back by itself within "
            f"{LONGEST_PAUSE // 60} minutes. What is there: make status",
        ) from None


def put_back(way: Way, place: Place, why: BaseException, *, swapped_by_us: bool) -> None:
    """As it was before the pause; CommandError where that does not come off."""
    say(f"It fails: {_words(why)}\n{place.application} is put back.")
    failed: list[str] = []
    try:
        if swapped_by_us and state(way, place)["aside"]:
            everywhere(way, place, "pause", patient=True)
            of_database(way, place, "undo")
        elif swapped_by_us:
            of_database(way, place, "discard")
    except CommandError as worse:
        failed.append(worse.what)
    try:
        everywhere(way, place, "resume", patient=True)
    except CommandError as worse:
        failed.append(worse.what)
    if failed:
        raise CommandError(
            f"{_words(why)}\nNor is all as it was before: {'; '.join(failed)}",
            f"No data are lost: the other database stays aside. A host that was not reached lets "
            f"visitors in by itself within {LONGEST_PAUSE // 60} minutes. What is there: make "
            f"status. Then {place.again} UNDO=1, or try again.",
        )
    if isinstance(why, CommandError):
        where = "as it was" if swapped_by_us else "the one from before"
        raise CommandError(
            f"{why.what}\n{place.application} serves again, and its database is {where}.",
            f"Correct what is said above, and try again: {place.again}",
        )


def _words(why: BaseException) -> str:
    if isinstance(why, KeyboardInterrupt):
        return "it was stopped"
    return why.what if isinstance(why, CommandError) else repr(why)


def say(text: str) -> None:
    """To whoever watches: a terminal that was closed keeps nobody from putting things back."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def migrate(way: Way, place: Place, version: str) -> None:
    """The dump may be older than the schema that the version wants."""
    words = ("migrate", place.application, version, "--restored")
    with under_way(f"bringing it to the schema of {version}"):
        done = way.run(*TURN, *words)
    if done.returncode:
        raise CommandError(done.stderr.strip())


@contextmanager
def kept_paused(way: Way, place: Place) -> Generator[None]:
    """However long the block takes: else hosts would take us for gone, and resume."""

    def pause() -> None:
        try:
            everywhere(way, place, "pause")
        except CommandError as error:
            say(f"warning: {error.what}")

    with again_and_again(pause, LONGEST_PAUSE / 3):
        yield


@contextmanager
def undisturbed() -> Generator[threading.Event]:
    """Whoever stops us is heard, and waits until the application is back."""
    stopped = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        say("Stopping, as soon as the application is back.")
        stopped.set()

    before = {
        number: signal.signal(number, note)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def goes_on(stopped: threading.Event) -> None:
    if stopped.is_set():
        raise KeyboardInterrupt


# -- hosts and database -------------------------------------------------------------------------


def everywhere(way: Way, place: Place, *words: str, patient: bool = False) -> None:
    """An action of the release program on all hosts at once; CommandError names those that fail."""

    def one(host: str) -> str | None:
        deadline = time.monotonic() + (SECONDS_TO_RETURN if patient else 0)
        while True:
            try:
                asked = (words[0], place.application, *words[1:])
                done = way.run(*TURN, *asked, host=host)
            except CommandError as error:
                if time.monotonic() > deadline:
                    return error.what
                time.sleep(SECONDS_BETWEEN_DIALS)
                continue
            return f"{host}: {done.stderr.strip()}" if done.returncode else None

    with (
        under_way(f"{words[0]} on {len(place.hosts)} hosts"),
        ThreadPoolExecutor(max_workers=8) as pool,
    ):
        failed = [said for said in pool.map(one, place.hosts) if said]
    if failed:
        raise CommandError("\n".join(failed))


def refuse_paused(stack: Stack, way: Way, place: Place) -> None:
    """Of two restores one goes first; and no version is half way in."""
    for host in place.hosts:
        says = shown(way, host, place.application)
        if "paused" not in says:
            raise CommandError(
                f"{host} was configured by an older program, which cannot pause.",
                f"First: {stack.engine.bring_up}",
            )
        if says["paused"]:
            raise CommandError(
                f"{place.application} is paused on {host}: another restore is at work, or was cut "
                "off.",
                f"In that case it comes back by itself within {LONGEST_PAUSE // 60} minutes.",
            )
        if says["pending"]:
            raise CommandError(
                f"{place.application} {says['pending']} is not confirmed on {host}.",
                "Try again when its release is over.",
            )


def state(way: Way, place: Place) -> dict[str, Any]:
    """What is prepared, and what stands aside."""
    return json.loads(of_database(way, place, "status"))


def set_aside(way: Way, place: Place) -> str:
    aside = state(way, place)["aside"]
    if not aside:
        raise CommandError(f"Of {place.database} nothing stands aside.")
    return str(aside[-1])


def newest(way: Way, place: Place) -> str:
    """The time of the newest dump."""
    known = [line for line in of_database(way, place, "list").split("\n") if line[:1].isdigit()]
    if not known:
        raise CommandError(
            f"There is no dump of {place.database} yet.",
            f"Take one: make dump STACK=… APP={place.application}",
        )
    return known[-1]


def of_database(way: Way, place: Place, action: str) -> str:
    """What an action of the program of dumps says; CommandError with why where it fails."""
    done = way.run("sudo", "-n", "-u", USER, PROGRAM, action, place.database, host=OPERATIONS)
    if done.returncode:
        raise CommandError(done.stderr.strip())
    return done.stdout
