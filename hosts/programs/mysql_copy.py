"""A MySQL database written to a file, read back from one, and put in another's place.

MySQL renames tables, not databases: all of them in one statement, which happens whole or not at
all. What cannot be renamed (triggers, views, routines, events) is written down, dropped, and made
again in its new place.
"""

from __future__ import annotations

import gzip
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from hosts.programs.database import MYSQL_RIGHTS, mysql_is_so
from hosts.programs.database_client import (
    Login,
    RefusedError,
    Wanted,
    backticked,
    mysql,
    mysql_error,
    mysql_options,
    mysql_text,
)

SUFFIX: str = ".sql.gz"
SECONDS_FOR_A_LOCK = 30
LAST_LINE = b"-- Dump completed"
INSERT = re.compile(rb"INSERT INTO `((?:[^`]|``)+)` VALUES")
DEFINER = re.compile(rb"DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*`")
OPTIONS = (
    *("--single-transaction", "--quick", "--skip-add-locks", "--no-tablespaces", "--hex-blob"),
    *("--default-character-set=utf8mb4", "--max-allowed-packet=1G"),
)


def ask(wanted: Wanted, statement: str) -> list[str]:
    """What the administrator is answered, a row a line."""
    return mysql(wanted, wanted.administrator, statement).split("\n")[:-1]


def exists(wanted: Wanted) -> bool:
    return wanted.database in beginning_with(wanted, wanted.database)


def beginning_with(wanted: Wanted, beginning: str) -> list[str]:
    return ask(
        wanted,
        "SELECT schema_name FROM information_schema.schemata "  # noqa: S608 - quoted
        f"WHERE BINARY LEFT(schema_name, {len(beginning)}) = {mysql_text(beginning)} ORDER BY 1;",
    )


def has_routines(wanted: Wanted) -> bool:
    """As the owner sees it."""
    found = mysql(
        wanted,
        wanted.owner.login,
        "SELECT count(*) FROM information_schema.routines "  # noqa: S608 - quoted
        f"WHERE routine_schema = {mysql_text(wanted.database)};",
    )
    return found.strip() != "0"


# -- out ----------------------------------------------------------------------------------------


def write(wanted: Wanted, file: Path) -> dict[str, int]:
    """A dump as compressed SQL; the rows of each table, counted in what was written.

    (No second session can see the snapshot of mariadb-dump, so the dump itself is counted.)
    """
    login = wanted.owner.login
    there = set(_tables(wanted, login))
    rows = dict.fromkeys(sorted(there), 0)
    last = b""
    table: str | None = None
    with gzip.open(file, "wb", compresslevel=6) as packed:
        for line in _dumped(wanted, login, ["--triggers", "--routines", "--events", *OPTIONS]):
            packed.write(line)
            if found := INSERT.match(line):
                table = found[1].decode().replace("``", "`")
            elif table is not None and line.startswith(b"("):
                rows[table] += 1
            if line.rstrip().endswith(b";"):
                table = None
            last = line if line.strip() else last
    if not last.startswith(LAST_LINE):
        raise RefusedError(f"the dump of {wanted.database} ends too early")
    return rows


def _tables(wanted: Wanted, login: Login) -> list[str]:
    found = mysql(
        wanted,
        login,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = "  # noqa: S608 - quoted
        f"{mysql_text(wanted.database)} AND table_type = 'BASE TABLE' ORDER BY 1;",
    )
    return found.split("\n")[:-1]


def _dumped(wanted: Wanted, login: Login, options: Sequence[str], *tables: str) -> Iterator[bytes]:
    """The lines of a dump; RefusedError where it was not one to the end."""
    with (
        mysql_options(wanted, login) as told,
        subprocess.Popen(
            ["mariadb-dump", f"--defaults-file={told}", *options, "--", wanted.database, *tables],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as client,
    ):
        assert client.stdout
        assert client.stderr
        yield from client.stdout
        said = client.stderr.read().decode(errors="replace").strip()
    if client.returncode:
        raise RefusedError(f"mariadb-dump: {said[-2000:]}")


def check(file: Path, tables: int | None) -> None:
    """It can be unpacked to its end, which is the end of a dump, and holds those tables."""
    found, last = 0, b""
    try:
        with gzip.open(file) as content:
            for line in content:
                found += line.startswith(b"CREATE TABLE `")
                last = line if line.strip() else last
    except (OSError, EOFError) as error:
        raise RefusedError(f"{file.name} is damaged: {error}") from None
    if not last.startswith(LAST_LINE):
        raise RefusedError(f"{file.name} ends too early")
    if tables is not None and found != tables:
        raise RefusedError(f"{file.name} has {found} tables, and {tables} were there")


# -- in -----------------------------------------------------------------------------------------


def read(wanted: Wanted, file: Path) -> list[str]:
    """A new database of this name from a dump, for its owner alone."""
    owner = f"{mysql_text(wanted.owner.name)}@'%'"
    pattern = backticked(wanted.database.replace("_", "\\_"))
    ask(
        wanted,
        f"CREATE DATABASE {backticked(wanted.database)} CHARACTER SET {wanted.character_set};\n"
        f"GRANT {MYSQL_RIGHTS['owner']} ON {pattern}.* TO {owner};",
    )
    with gzip.open(file) as content:
        _run(wanted, wanted.owner.login, content)
    return []


def _run(wanted: Wanted, login: Login, lines: Iterable[bytes]) -> None:
    """SQL, until its first error. Whoever runs it is who defines: another could not be named."""
    with (
        mysql_options(wanted, login) as told,
        subprocess.Popen(
            [
                *("mariadb", f"--defaults-file={told}", "--batch", "--max-allowed-packet=1G"),
                *("--default-character-set=utf8mb4", wanted.database),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as client,
    ):
        assert client.stdin
        assert client.stderr
        try:
            for line in lines:
                # Rows begin with a bracket: no word of theirs is taken for a definer.
                client.stdin.write(line if line.startswith(b"(") else DEFINER.sub(b"", line))
            client.stdin.close()
        except BrokenPipeError:
            pass  # it stopped at an error, and says which
        said = client.stderr.read().decode(errors="replace").strip()
    if client.returncode:
        raise RefusedError(f"{wanted.database}: {mysql_error(said)}")


def count(wanted: Wanted) -> dict[str, int]:
    login = wanted.owner.login
    return {
        table: int(
            mysql(
                wanted,
                login,
                f"SELECT count(*) FROM {backticked(table)};",  # noqa: S608 - quoted
                wanted.database,
            )
        )
        for table in _tables(wanted, login)
    }


def answers(wanted: Wanted, query: str) -> str:
    return mysql(
        wanted,
        wanted.owner.login,
        f"START TRANSACTION READ ONLY;\n{query.rstrip().rstrip(';')};\nCOMMIT;",
        wanted.database,
    ).strip()


def drop(wanted: Wanted) -> None:
    if not exists(wanted):
        return
    pattern = backticked(wanted.database.replace("_", "\\_"))
    ask(wanted, f"DROP DATABASE {backticked(wanted.database)};")
    # A grant outlives its database; one that was never given is no error worth a word.
    with suppress(RefusedError):
        ask(
            wanted,
            f"REVOKE ALL PRIVILEGES ON {pattern}.* FROM {mysql_text(wanted.owner.name)}@'%';",
        )


# -- in another's place -------------------------------------------------------------------------


def allow(wanted: Wanted, database: str, *, allowed: bool) -> None:
    """Nothing is closed here: a rename takes all tables at once, and sessions find the new ones."""


def swap(wanted: Wanted, new: str, aside: str) -> None:
    """The tables go aside and those of new take their place: all of them, or none."""
    fresh, old = replace(wanted, database=new), replace(wanted, database=aside)
    administrator = wanted.administrator
    objects = {each.database: _objects(each, administrator) for each in (wanted, fresh)}
    old_tables, new_tables = _tables(wanted, administrator), _tables(fresh, administrator)
    if not new_tables:
        raise RefusedError(f"{new} holds no table")
    ask(
        wanted,
        f"CREATE DATABASE {backticked(aside)} CHARACTER SET {wanted.character_set};",
    )
    moves = [(wanted.database, aside, table) for table in old_tables]
    moves += [(new, wanted.database, table) for table in new_tables]
    renames = ", ".join(
        f"{backticked(source)}.{backticked(table)} TO {backticked(target)}.{backticked(table)}"
        for source, target, table in moves
    )
    _end_sessions(wanted)
    try:
        for each in (wanted, fresh):
            _drop_objects(each)
        ask(wanted, f"SET lock_wait_timeout = {SECONDS_FOR_A_LOCK};\nRENAME TABLE {renames};")
    except RefusedError:
        _drop_objects(wanted)
        _run(wanted, wanted.owner.login, objects[wanted.database])
        ask(wanted, f"DROP DATABASE {backticked(aside)};")
        raise
    try:
        _run(wanted, wanted.owner.login, objects[new])
        _run(old, administrator, objects[wanted.database])
    except RefusedError as why:
        raise RefusedError(
            f"the tables have changed places, but a view, trigger or routine cannot be made: {why}"
        ) from None
    ask(wanted, f"DROP DATABASE {backticked(new)};")


def _objects(wanted: Wanted, login: Login) -> list[bytes]:
    """What a rename does not take along, as SQL; nothing where there is nothing."""
    views = _names(wanted, "views", "table_name", "table_schema")
    lines = [
        *_dumped(
            wanted,
            login,
            ["--no-data", "--no-create-info", "--triggers", "--routines", "--events", *OPTIONS],
        )
    ]
    if views:
        lines += _dumped(wanted, login, ["--no-data", "--skip-triggers", *OPTIONS], *views)
    return lines


def _drop_objects(wanted: Wanted) -> None:
    statements = [
        f"DROP {kind} IF EXISTS {backticked(wanted.database)}.{backticked(each)};"
        for kind, table, column, schema in (
            ("TRIGGER", "triggers", "trigger_name", "trigger_schema"),
            ("VIEW", "views", "table_name", "table_schema"),
            ("EVENT", "events", "event_name", "event_schema"),
        )
        for each in _names(wanted, table, column, schema)
    ]
    statements += [
        f"DROP {kind} IF EXISTS {backticked(wanted.database)}.{backticked(each)};"
        for kind in ("PROCEDURE", "FUNCTION")
        for each in _names(
            wanted, "routines", "routine_name", "routine_schema", f"AND routine_type = '{kind}'"
        )
    ]
    if statements:
        ask(wanted, "\n".join(statements))


def _names(wanted: Wanted, table: str, column: str, schema: str, more: str = "") -> list[str]:
    return ask(
        wanted,
        f"SELECT {column} FROM information_schema.{table} "  # noqa: S608 - words of ours, quoted
        f"WHERE {schema} = {mysql_text(wanted.database)} {more} ORDER BY 1;",
    )


def _end_sessions(wanted: Wanted) -> None:
    """Each user ends its own: that needs no right."""
    for role in wanted.everyone:
        listed = mysql(
            wanted,
            role.login,
            "SELECT id FROM information_schema.processlist WHERE id <> connection_id() "  # noqa: S608 - quoted
            f"AND user = {mysql_text(role.name)} AND db = {mysql_text(wanted.database)};",
        )
        for number in listed.split():
            with suppress(RefusedError):  # gone by itself meanwhile
                mysql(wanted, role.login, f"KILL {int(number)};")


def is_so(wanted: Wanted) -> bool:
    return mysql_is_so(wanted)
