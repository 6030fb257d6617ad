"""A PostgreSQL database written to a file, read back from one, and put in another's place."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from hosts.programs.database import bootstrap_postgres, postgres_is_so
from hosts.programs.database_client import (
    PSQL_STRICT,
    RefusedError,
    Wanted,
    name,
    postgres_environment,
    psql,
    session,
    text,
)

SUFFIX: str = ".dump"
# A dump waits for a migration, but not for ever.
LOCK_MILLISECONDS = 600_000
SECONDS_TO_LEAVE = 15
RENAMES = 3
# Entries of a dump that the bootstrap makes, or that only a superuser could.
NOT_RESTORED = re.compile(r"^\d+; \d+ \d+ (EXTENSION|COMMENT - EXTENSION) ")
RIGHTS = re.compile(r"^\d+; \d+ \d+ (ACL|DEFAULT ACL) ")
ROWS = re.compile(r"^\d+; \d+ \d+ TABLE DATA ", re.MULTILINE)

# Every table of the application's own with its number of rows, as one line of JSON: in one
# snapshot, whatever the tables are called. Members of extensions are left out, as dumps do.
COUNT = """
SELECT coalesce(json_object_agg(n.nspname || '.' || c.relname, (xpath('/row/rows/text()',
    query_to_xml(format('SELECT count(*) AS rows FROM %I.%I', n.nspname, c.relname),
      false, true, '')))[1]::text::bigint), '{}'::json)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema'
    AND n.nspname !~ '^pg_' AND NOT EXISTS (SELECT FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e');
"""
ONE_LINE = COUNT.replace("\n", " ").strip()


def run(
    wanted: Wanted, words: Sequence[str], *, owner: bool = True, given: IO[bytes] | None = None
) -> str:
    """A client of PostgreSQL's with the login of the owner, or of the administrator."""
    login = wanted.owner.login if owner else wanted.administrator
    with postgres_environment(wanted, login, wanted.database) as environment:
        done = subprocess.run(
            words, stdin=given or subprocess.DEVNULL, capture_output=True, env=environment
        )
    if done.returncode:
        raise RefusedError(f"{words[0]}: {done.stderr.decode(errors='replace').strip()[-2000:]}")
    return done.stdout.decode()


def exists(wanted: Wanted) -> bool:
    found = psql(
        wanted,
        wanted.administrator,
        "postgres",
        f"SELECT 1 FROM pg_database WHERE datname = {text(wanted.database)};",  # noqa: S608 - quoted
    )
    return found.strip() == "1"


def beginning_with(wanted: Wanted, beginning: str) -> list[str]:
    """Names of databases, sorted."""
    found = psql(
        wanted,
        wanted.administrator,
        "postgres",
        "SELECT datname FROM pg_database "  # noqa: S608 - quoted
        f"WHERE starts_with(datname, {text(beginning)}) ORDER BY 1;",
    )
    return found.split("\n")[:-1]


def write(wanted: Wanted, file: Path) -> dict[str, int]:
    """A dump in pg_dump's custom format; the rows of each table, counted in its own snapshot."""
    with session(wanted) as own:
        own.ask(
            "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; "
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1;"
        )
        snapshot = own.ask("SELECT pg_export_snapshot();")
        tables: dict[str, int] = json.loads(own.ask(ONE_LINE))
        run(
            wanted,
            [
                *("pg_dump", "--format=custom", "--compress=6", "--no-password"),
                *("--no-publications", "--no-subscriptions", f"--snapshot={snapshot}"),
                *(f"--lock-wait-timeout={LOCK_MILLISECONDS}", f"--file={file}"),
            ],
        )
    return tables


def check(file: Path, tables: int | None) -> None:
    """It can be read to its end, and holds as many tables as were counted."""
    if file.name.endswith(".sql.gz"):
        read_through(file)
        return
    done = subprocess.run(["pg_restore", "--list", str(file)], capture_output=True, text=True)
    if done.returncode:
        raise RefusedError(f"{file.name} is no dump that can be restored: {done.stderr.strip()}")
    found = len(ROWS.findall(done.stdout))
    if tables is not None and found != tables:
        raise RefusedError(f"{file.name} has the rows of {found} tables, and {tables} were there")


def read_through(file: Path) -> None:
    try:
        with gzip.open(file) as content:
            empty = not content.read(1)
            while content.read(1 << 20):
                pass
    except (OSError, EOFError) as error:
        raise RefusedError(f"{file.name} is damaged: {error}") from None
    if empty:
        raise RefusedError(f"{file.name} is empty")


def read(wanted: Wanted, file: Path) -> list[str]:
    """A new database of this name from a dump, with its roles' rights; what could not be given."""
    bootstrap_postgres(wanted)
    lost: list[str] = []
    if file.name.endswith(".sql.gz"):
        _plain(wanted, file)
    else:
        entries = run(wanted, ["pg_restore", "--list", str(file)]).splitlines()
        chosen = file.with_suffix(".list")
        chosen.write_text("".join(f"{line}\n" for line in entries if not NOT_RESTORED.match(line)))
        common = ("pg_restore", "--no-password", "--no-owner", "--dbname=")
        run(
            wanted,
            [*common, "--no-privileges", "--exit-on-error", f"--use-list={chosen}", str(file)],
        )
        # Rights that migrations gave; one for a role that is gone does not stop a rescue.
        chosen.write_text("".join(f"{line}\n" for line in entries if RIGHTS.match(line)))
        if chosen.stat().st_size:
            try:
                run(wanted, [*common, f"--use-list={chosen}", str(file)])
            except RefusedError as why:
                lost.append(str(why))
    bootstrap_postgres(wanted)
    psql(wanted, wanted.owner.login, wanted.database, "ANALYZE;")
    return lost


def _plain(wanted: Wanted, file: Path) -> None:
    """SQL, compressed: all of it or nothing."""
    with (
        postgres_environment(wanted, wanted.owner.login, wanted.database) as environment,
        subprocess.Popen(
            [*PSQL_STRICT, "--single-transaction", "--file=-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
        ) as client,
    ):
        assert client.stdin
        assert client.stderr
        try:
            with gzip.open(file) as content:
                shutil.copyfileobj(content, client.stdin, 1 << 20)
            client.stdin.close()
        except BrokenPipeError:
            pass  # it stopped at an error, and says which
        said = client.stderr.read().decode(errors="replace").strip()
    if client.returncode:
        raise RefusedError(f"psql: {said[-2000:]}")


def count(wanted: Wanted) -> dict[str, int]:
    found = psql(wanted, wanted.owner.login, wanted.database, COUNT)
    return json.loads(found)


def answers(wanted: Wanted, query: str) -> str:
    return psql(
        wanted,
        wanted.owner.login,
        wanted.database,
        f"BEGIN READ ONLY;\n{query.rstrip().rstrip(';')};\nCOMMIT;",
    ).strip()


def drop(wanted: Wanted) -> None:
    if exists(wanted):
        close(wanted)
        psql(
            wanted,
            wanted.administrator,
            "postgres",
            f"DROP DATABASE {name(wanted.database)};",
        )


# -- in another's place -----------------------------------------------------------------------


def close(wanted: Wanted) -> None:
    """Nobody is in the database, and nobody new comes in."""
    allow(wanted, wanted.database, allowed=False)
    deadline = time.monotonic() + SECONDS_TO_LEAVE
    while users := _inside(wanted):
        if time.monotonic() > deadline:
            raise RefusedError(
                f"{', '.join(sorted(users))} still works in {wanted.database} and cannot be ended: "
                "stop what uses it, and try again"
            )
        for user in users:
            _end(wanted, user)
        time.sleep(0.2)


def allow(wanted: Wanted, database: str, *, allowed: bool) -> None:
    word = "true" if allowed else "false"
    statement = f"ALTER DATABASE {name(database)} ALLOW_CONNECTIONS {word};"
    psql(wanted, wanted.administrator, "postgres", statement)


def _inside(wanted: Wanted) -> set[str]:
    found = psql(
        wanted,
        wanted.administrator,
        "postgres",
        "SELECT DISTINCT usename FROM pg_stat_activity "  # noqa: S608 - quoted
        f"WHERE datname = {text(wanted.database)} AND backend_type = 'client backend';",
    )
    return set(found.split("\n")[:-1])


def _end(wanted: Wanted, user: str) -> None:
    """A role ends its own sessions; those of others, whoever may."""
    own = {role.name: role.login for role in wanted.everyone}
    psql(
        wanted,
        own.get(user, wanted.administrator),
        "postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "  # noqa: S608 - quoted
        f"WHERE datname = {text(wanted.database)} AND usename = {text(user)};",
    )


def swap(wanted: Wanted, new: str, aside: str) -> None:
    """The database is called aside, and new is called as it was: both, or neither."""
    fresh = replace(wanted, database=new)
    rename = (
        f"BEGIN;\nALTER DATABASE {name(wanted.database)} RENAME TO {name(aside)};\n"
        f"ALTER DATABASE {name(new)} RENAME TO {name(wanted.database)};\nCOMMIT;"
    )
    try:
        for attempt in range(1, RENAMES + 1):
            close(wanted)
            close(fresh)
            try:
                psql(wanted, wanted.administrator, "postgres", rename)
                break
            except RefusedError:
                # A session that was just coming in when the door was closed.
                if attempt == RENAMES:
                    raise
    finally:
        # Whichever it is now. The one aside stays closed, so that nothing is written into it.
        allow(wanted, wanted.database, allowed=True)


def is_so(wanted: Wanted) -> bool:
    """Its roles can log in and have their rights."""
    return postgres_is_so(wanted)
