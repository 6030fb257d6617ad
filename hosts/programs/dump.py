#!/usr/bin/python3 -B
"""Dumps of a database, and the way back from them, on the operations instance.

    dump     one more into the bucket, with its checksum and its numbers of rows
    list     the dumps that are there
    drill    the newest into a scratch database: is it all there? Dropped afterwards
    prepare  a dump into a database beside the one in use, validated as in a drill
    swap     the prepared database takes its place; the old one stays aside, closed
    undo     the old one back in its place
    confirm  the old one is dropped
    discard  the prepared one is dropped
    status   what is prepared, and what stays aside
    age      how long no dump has arrived, told to the alarms

`make restore` does all of that around a pause of the application.

A dump is read by a role that may only read, in one snapshot; nothing is sent before it was read
through, and a manifest is sent last: what has none is no dump. Passwords are in files that only
memory holds.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import fcntl
import hashlib
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TextIO

from hosts.programs import mysql_copy, postgres_copy
from hosts.programs.bucket import Bucket
from hosts.programs.database_client import (
    DatabaseRole,
    Login,
    RefusedError,
    Wanted,
    load,
    read_secret,
)

SPECIFICATIONS = Path("/etc/groundwork/dumps")
HOME = Path("/var/lib/groundwork-dumps")
STAMP = "%Y%m%d_%H%M%S"
# PostgreSQL cuts a longer name off (NAMEDATALEN), MySQL has 64.
LONGEST_NAME = 63
# What an answer may be that proves nothing.
NOTHING = frozenset({"", "0", "f", "false", "NULL"})
KEPT_RECORDS = 30
ACTIONS = (
    *("dump", "list", "drill", "prepare", "swap", "undo", "confirm", "discard", "status", "age"),
)
# What happens while an application is paused does not wait for a dump's hours.
SECONDS_FOR_A_TURN = 60


class Engine(Protocol):
    """What postgres_copy and mysql_copy have in common."""

    SUFFIX: str

    def exists(self, wanted: Wanted) -> bool: ...
    def beginning_with(self, wanted: Wanted, beginning: str) -> list[str]: ...
    def write(self, wanted: Wanted, file: Path) -> dict[str, int]: ...
    def check(self, file: Path, tables: int | None) -> None: ...
    def read(self, wanted: Wanted, file: Path) -> list[str]: ...
    def count(self, wanted: Wanted) -> dict[str, int]: ...
    def answers(self, wanted: Wanted, query: str) -> str: ...
    def drop(self, wanted: Wanted) -> None: ...
    def allow(self, wanted: Wanted, database: str, *, allowed: bool) -> None: ...
    def swap(self, wanted: Wanted, new: str, aside: str) -> None: ...
    def is_so(self, wanted: Wanted) -> bool: ...


ENGINES: dict[str, Engine] = {"postgres": postgres_copy, "mysql": mysql_copy}


@dataclass(frozen=True)
class Dumps:
    """What is told of one database's dumps, by its key: APPLICATION-STORE."""

    key: str
    stack: str
    database: Path  # its own specification, for who may log in
    bucket: Bucket
    prefix: str
    validate_with: str | None


def told(key: str) -> Dumps:
    file = SPECIFICATIONS / f"{key}.json"
    if not file.exists():
        known = sorted(path.stem for path in SPECIFICATIONS.glob("*.json"))
        raise RefusedError(
            f"There are no dumps of {key}: they are of {', '.join(known) or 'nothing'}. "
            "A store has them where its application file says `dump:`."
        )
    found = json.loads(file.read_text())
    return Dumps(
        key=key,
        stack=found["stack"],
        database=Path(found["database"]),
        bucket=Bucket(found["bucket"], found["region"], found["encryption_key"]),
        prefix=found["prefix"],
        validate_with=found["validate_with"],
    )


def say(text: str) -> None:
    """To whoever watches; nobody has to."""
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)


def size(file: Path) -> str:
    count = float(file.stat().st_size)
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@contextmanager
def workplace(patience: float | None = None) -> Generator[Path]:
    """A folder that is gone afterwards, and no other dump at the same time.

    RefusedError where another is not done within `patience` seconds; None waits for its end.
    """
    HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        wait_for_turn(lock, patience)
        # What one that was killed has left.
        for left in HOME.glob("work.*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=HOME, prefix="work.") as directory:
            yield Path(directory)


def wait_for_turn(lock: TextIO, patience: float | None) -> None:
    if patience is None:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise RefusedError(
                    "another dump, drill or restore is at work: try again when it is done"
                ) from None
            time.sleep(0.2)


def record(key: str, **facts: Any) -> None:
    """The newest last, on this disk."""
    file = HOME / f"{key}.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    fresh = file.with_suffix(".fresh")
    fresh.write_text("\n".join([*lines[1 - KEPT_RECORDS :], json.dumps(facts)]) + "\n")
    fresh.replace(file)


# -- out --------------------------------------------------------------------------------------


def reader(specification: Path) -> Wanted:
    """The database as its backup role sees it: no other secret is read.

    MySQL shows a routine only to whoever may run it: where there are any, the owner dumps.
    """
    found = json.loads(specification.read_text())
    role = next(each for each in found["roles"] if each["rights"] == "backup")
    secret = read_secret(role["arn"])
    login = Login(secret["host"], int(secret["port"]), secret["username"], secret["password"])
    wanted = Wanted(
        engine=found["engine"],
        database=found["database"],
        administrator=login,
        owner=DatabaseRole(role["name"], "backup", login, {}),
        roles=(),
        extensions=(),
        closed=(),
        certificates=found.get("certificates"),
        character_set=found["character_set"],
    )
    if wanted.engine == "mysql":
        owner = load(specification, owner_alone=True)
        if mysql_copy.has_routines(owner):
            return owner
    return wanted


def dump(dumps: Dumps, reason: str) -> None:
    started = time.monotonic()
    now = datetime.datetime.now(datetime.UTC)
    with workplace() as work:
        wanted = reader(dumps.database)
        engine = ENGINES[wanted.engine]
        stem = f"{wanted.database}_{now.strftime(STAMP)}"
        file = work / f"{stem}{engine.SUFFIX}"
        tables = engine.write(wanted, file)
        engine.check(file, len(tables))
        say(f"{wanted.database}: {len(tables)} tables, {sum(tables.values())} rows, {size(file)}")
        manifest: dict[str, Any] = {
            "stack": dumps.stack,
            "database": wanted.database,
            "engine": wanted.engine,
            "file": file.name,
            "taken": now.isoformat(timespec="seconds"),
            "reason": reason,
            "bytes": file.stat().st_size,
            "sha256": digest(file),
            "tables": tables,
            "seconds": round(time.monotonic() - started, 1),
        }
        checksum, told = work / f"{file.name}.sha256", work / f"{stem}.json"
        checksum.write_text(f"{manifest['sha256']}  {file.name}\n")
        told.write_text(json.dumps(manifest, indent=2) + "\n")
        # The manifest last: what has one is whole.
        for each in (file, checksum, told):
            dumps.bucket.put(each, f"{dumps.prefix}/{each.name}")
        record(dumps.key, **{name: manifest[name] for name in ("taken", "file", "seconds")})
        say(f"{dumps.bucket.url(f'{dumps.prefix}/{file.name}')} is there, with its checksum")


# -- back -------------------------------------------------------------------------------------


def stamps(dumps: Dumps, database: str) -> list[str]:
    """Of the whole dumps of a database, the oldest first."""
    pattern = re.compile(rf"{re.escape(database)}_(\d{{8}}_\d{{6}})\.json")
    names = (key.rpartition("/")[2] for key in dumps.bucket.keys(f"{dumps.prefix}/{database}_"))
    return sorted(found[1] for name in names if (found := pattern.fullmatch(name)))


def fetch(dumps: Dumps, wanted: Wanted, asked: str | None, work: Path) -> tuple[Path, Any]:
    """A dump's file, which is what its checksum promises, and its manifest where it has one."""
    manifest: Any = None
    if asked is None or re.fullmatch(r"\d{8}_\d{6}", asked):
        known = stamps(dumps, wanted.database)
        if not known:
            raise RefusedError(
                f"There is no dump of {wanted.database} under "
                f"{dumps.bucket.url(dumps.prefix)}/ yet: make dump"
            )
        stamp = asked or known[-1]
        if stamp not in known:
            raise RefusedError(
                f"There is no dump of {wanted.database} from {stamp}; the newest are "
                f"{', '.join(known[-5:])}"
            )
        told = work / "manifest.json"
        dumps.bucket.get(f"{dumps.prefix}/{wanted.database}_{stamp}.json", told)
        manifest = json.loads(told.read_text())
        key = f"{dumps.prefix}/{manifest['file']}"
    else:
        key = asked.removeprefix(f"s3://{dumps.bucket.name}/")
        if not key.endswith((".dump", ".sql.gz")):
            raise RefusedError(
                f"{asked} is no dump: give the time of one (YYYYMMDD_HHMMSS, see `list`), or the "
                f"key of a .dump or .sql.gz file in s3://{dumps.bucket.name}"
            )
    file, checksum = work / key.rpartition("/")[2], work / "checksum"
    dumps.bucket.get(f"{key}.sha256", checksum)
    dumps.bucket.get(key, file)
    promised = checksum.read_text().split()[0]
    found = digest(file)
    if found != promised or (manifest and found != manifest["sha256"]):
        raise RefusedError(
            f"{dumps.bucket.url(key)} is not what its checksum promises ({found[:12]}…, and not "
            f"{promised[:12]}…): it was changed or damaged. Use an older one, see `list`"
        )
    say(f"{dumps.bucket.url(key)}: {size(file)}, checksum right")
    return file, manifest


def restore_into(dumps: Dumps, scratch: Wanted, asked: str | None, work: Path) -> Any:
    """A dump in a database of its own, and validated; gone again where it is not good."""
    engine = ENGINES[scratch.engine]
    original = replace(scratch, database=database_of(dumps))
    file, manifest = fetch(dumps, original, asked, work)
    engine.check(file, len(manifest["tables"]) if manifest else None)
    engine.drop(scratch)
    try:
        say(f"restoring into {scratch.database}")
        for lost in engine.read(scratch, file):
            say(f"warning: a right could not be given again: {lost}")
        validate(dumps, scratch, manifest)
    except BaseException:
        engine.drop(scratch)
        raise
    return manifest


def validate(dumps: Dumps, scratch: Wanted, manifest: Any) -> None:
    engine = ENGINES[scratch.engine]
    rows = engine.count(scratch)
    if not rows:
        raise RefusedError("the restored database has no table")
    if manifest is None:
        say(f"{len(rows)} tables, {sum(rows.values())} rows; it has no manifest to compare with")
    elif rows != manifest["tables"]:
        wanted: dict[str, int] = manifest["tables"]
        differ = [
            f"{table}: {rows.get(table, 'no table')}, dumped were {wanted.get(table, 'no table')}"
            for table in sorted(rows.keys() | wanted.keys())
            if rows.get(table) != wanted.get(table)
        ]
        raise RefusedError(f"rows are not what was dumped: {'; '.join(differ[:10])}")
    else:
        say(f"{len(rows)} tables, {sum(rows.values())} rows, as dumped")
    if dumps.validate_with:
        answer = engine.answers(scratch, dumps.validate_with)
        if answer.partition("\n")[0] in NOTHING:
            raise RefusedError(
                f"`{dumps.validate_with}` answers {answer or 'nothing'!r}: the dump holds no data"
            )
        say(f"{dumps.validate_with}: {answer}")


def database_of(dumps: Dumps) -> str:
    return json.loads(dumps.database.read_text())["database"]


def beside(database: str, word: str) -> str:
    """A name that says whose it is; never the database's own, however long that is."""
    return f"{database[: LONGEST_NAME - len(word) - 1]}_{word}"


def aside_prefix(database: str) -> str:
    return beside(database, f"before_{'9' * 14}").rstrip("9")


def drill(dumps: Dumps, asked: str | None) -> None:
    started = time.monotonic()
    now = datetime.datetime.now(datetime.UTC)
    with workplace() as work:
        wanted = load(dumps.database, owner_alone=False)
        scratch = replace(wanted, database=beside(wanted.database, "drill"))
        manifest = restore_into(dumps, scratch, asked, work)
        seconds = round(time.monotonic() - started, 1)
        ENGINES[wanted.engine].drop(scratch)
        say(f"{scratch.database} dropped")
        report = {
            "drill": now.isoformat(timespec="seconds"),
            "dump": manifest["file"] if manifest else asked,
            "tables": len(manifest["tables"]) if manifest else None,
            "seconds": seconds,
        }
        told = work / "drill.json"
        told.write_text(json.dumps(report, indent=2) + "\n")
        dumps.bucket.put(
            told, f"{dumps.prefix}/drills/{wanted.database}_{now.strftime(STAMP)}.json"
        )
        record(dumps.key, **report)
        say(f"drill passed: {wanted.database} restored and validated in {seconds} s")


def prepare(dumps: Dumps, asked: str | None) -> None:
    with workplace() as work:
        wanted = load(dumps.database, owner_alone=False)
        engine = ENGINES[wanted.engine]
        refuse_unconfirmed(dumps, wanted)
        fresh = replace(wanted, database=beside(wanted.database, "restored"))
        manifest = restore_into(dumps, fresh, asked, work)
        # One that was cut off in a swap has left it closed.
        engine.allow(wanted, wanted.database, allowed=True)
        when = f"of {manifest['taken']}" if manifest else "without a date"
        say(f"{fresh.database} is ready: the data {when}")


def refuse_unconfirmed(dumps: Dumps, wanted: Wanted) -> None:
    if left := asides(wanted):
        raise RefusedError(
            f"{left[-1]} is still there from an earlier restore: drop it or go back to it first "
            "(make restore … DROP_OLD=1 or UNDO=1)"
        )


def asides(wanted: Wanted) -> list[str]:
    return ENGINES[wanted.engine].beginning_with(wanted, aside_prefix(wanted.database))


def swap(dumps: Dumps) -> None:
    with workplace(SECONDS_FOR_A_TURN):
        wanted = load(dumps.database, owner_alone=False)
        engine = ENGINES[wanted.engine]
        refuse_unconfirmed(dumps, wanted)
        fresh = replace(wanted, database=beside(wanted.database, "restored"))
        if not engine.exists(fresh):
            raise RefusedError(f"{fresh.database} is not there: prepare it first")
        now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d%H%M%S")
        aside = f"{aside_prefix(wanted.database)}{now}"
        try:
            engine.swap(wanted, fresh.database, aside)
        except RefusedError as why:
            if asides(wanted):
                raise RefusedError(
                    f"{why}\nThe old one is {aside}: dump undo {dumps.key}"
                ) from None
            raise RefusedError(
                f"{why}\n{wanted.database} is in its place as it was, and {fresh.database} still "
                "beside it: try again, or leave it"
            ) from None
        say(f"{wanted.database} is the restored one; the old one is {aside}")
        verify(dumps, wanted)
        record(dumps.key, restored=now, aside=aside)


def verify(dumps: Dumps, wanted: Wanted) -> None:
    """Whoever could use the database before can use it now."""
    engine = ENGINES[wanted.engine]
    if not engine.is_so(wanted):
        raise RefusedError(
            f"{wanted.database} is in place, and its roles or rights are not as they should be: "
            f"/usr/local/lib/groundwork/database bootstrap {dumps.database}, or undo"
        )
    if dumps.validate_with:
        say(f"{dumps.validate_with}: {engine.answers(wanted, dumps.validate_with)}")
    say("roles and rights are right")


def undo(dumps: Dumps) -> None:
    with workplace(SECONDS_FOR_A_TURN):
        wanted = load(dumps.database, owner_alone=False)
        engine = ENGINES[wanted.engine]
        engine.allow(wanted, wanted.database, allowed=True)
        left = asides(wanted)
        if not left:
            raise RefusedError(f"No older {wanted.database} stays aside: there is nothing to undo")
        undone = beside(wanted.database, "undone")
        engine.drop(replace(wanted, database=undone))
        engine.allow(wanted, left[-1], allowed=True)
        engine.swap(wanted, left[-1], undone)
        verify(dumps, wanted)
        engine.drop(replace(wanted, database=undone))
        record(dumps.key, undone=left[-1])
        say(f"{wanted.database} is the one from before; the restored one is gone")


def confirm(dumps: Dumps) -> None:
    with workplace():
        wanted = load(dumps.database, owner_alone=False)
        left = asides(wanted)
        if not left:
            raise RefusedError(f"No older {wanted.database} stays aside: nothing to confirm")
        for each in left:
            ENGINES[wanted.engine].drop(replace(wanted, database=each))
            say(f"{each} dropped")
        record(dumps.key, confirmed=left)


def discard(dumps: Dumps) -> None:
    with workplace(SECONDS_FOR_A_TURN):
        wanted = load(dumps.database, owner_alone=False)
        fresh = replace(wanted, database=beside(wanted.database, "restored"))
        ENGINES[wanted.engine].drop(fresh)


def status(dumps: Dumps) -> None:
    """How things stand, as JSON; whoever swaps right now is waited for."""
    with workplace(SECONDS_FOR_A_TURN):
        wanted = load(dumps.database, owner_alone=False)
        fresh = replace(wanted, database=beside(wanted.database, "restored"))
        ready = ENGINES[wanted.engine].exists(fresh)
        told = {"prepared": fresh.database if ready else None, "aside": asides(wanted)}
        say(json.dumps({"database": wanted.database, **told}))


def listed(dumps: Dumps) -> None:
    database = database_of(dumps)
    known = stamps(dumps, database)
    if not known:
        say(f"no dump of {database} under {dumps.bucket.url(dumps.prefix)}/")
    for stamp in known:
        say(stamp)


# -- what is said to the world ------------------------------------------------------------------


def age(dumps: Dumps) -> None:
    """Hours since the newest whole dump, as the bucket has it: whoever deletes dumps is found out.

    Where none has arrived yet, since this machine was told to make them.
    """
    HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Beside a dump, which takes its time, but not all databases at once.
    with (HOME / "age.lock").open("w") as lock:
        wait_for_turn(lock, None)
        known = stamps(dumps, database_of(dumps))
        if known:
            newest = datetime.datetime.strptime(known[-1], STAMP).replace(tzinfo=datetime.UTC)
            since = newest.timestamp()
        else:
            since = (SPECIFICATIONS / f"{dumps.key}.json").stat().st_mtime
        hours = round(max(0.0, time.time() - since) / 3600, 2)
        dumps.bucket.measure({"Stack": dumps.stack, "Database": dumps.key}, HoursWithoutDump=hours)
        say(f"{hours:g} hours since {known[-1] if known else 'dumps were asked for'}")


def measured(dumps: Dumps, what: str, act: Callable[[], None]) -> None:
    """Success and failure are both measured."""
    dimensions = {"Stack": dumps.stack, "Database": dumps.key}
    try:
        act()
    except BaseException as why:
        HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        record(dumps.key, failed=what, at=now, why=str(why)[:500])
        try:
            dumps.bucket.measure(dimensions, **{f"{what}Failed": 1})
        except RefusedError as also:
            print(f"nor could the failure be reported: {also}", file=sys.stderr)
        raise
    dumps.bucket.measure(dimensions, **{f"{what}Succeeded": 1, f"{what}Failed": 0})


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    actions = parser.add_subparsers(dest="action", required=True)
    for name in ACTIONS:
        action = actions.add_parser(name)
        action.add_argument("key", help="APPLICATION-STORE")
        if name == "dump":
            action.add_argument("--reason", default="by hand")
        if name in ("drill", "prepare"):
            action.add_argument(
                "--dump", help="its time, YYYYMMDD_HHMMSS, or a key in the bucket (default: newest)"
            )
    given = parser.parse_args()
    try:
        dumps = told(given.key)
        match given.action:
            case "dump":
                measured(dumps, "Dump", lambda: dump(dumps, given.reason))
            case "drill":
                measured(dumps, "Drill", lambda: drill(dumps, given.dump))
            case "prepare":
                prepare(dumps, given.dump)
            case action:
                {
                    "list": listed,
                    "swap": swap,
                    "undo": undo,
                    "confirm": confirm,
                    "discard": discard,
                    "status": status,
                    "age": age,
                }[action](dumps)
    except RefusedError as why:
        print(why, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
