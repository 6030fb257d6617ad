#!/usr/bin/python3
"""Brings a database along with its application, from the operations instance: once, and recorded.

    up     the migrations of a release, once a version
    down   back to an older schema, by the release that made the newer one
    plan   what `down` would do; changes nothing
    seed   first content, once

Two kinds. A command of the release's own (knex, Prisma) knows by itself what has been done. SQL
files are run here: VERSION_name.sql in the order of their versions, each together with its row of
schema_migrations in one transaction, VERSION_name.down.sql for the way back. (MySQL ends a
transaction at each CREATE or ALTER: a file with one that fails half way is not recorded, and what
it made before stays.)

Everything happens under one lock in the database, which whoever dies loses.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hosts.programs.database_client import (
    PSQL_STRICT,
    RefusedError,
    Session,
    Wanted,
    answer,
    literal,
    load,
    locked,
    mysql_error,
    mysql_options,
    postgres_environment,
)
from hosts.programs.task import Task, run

LOCK = "migrations"
SEED = "(seed)"
"""Its row among the versions: no version is called so."""
# What a person asked for, in variables, so that a command of the release's own knows it too.
TARGET = "MIGRATION_TARGET"
"""Version of the schema to go back to."""
KEPT = "MIGRATION_KEPT"
"""The release that is gone back to."""
AGAIN = "MIGRATION_AGAIN"
"""Set: seed although it has been done."""

# Which releases the database has been brought to. In a schema of its own where there are schemas,
# since an application's tool may take stock of the public one.
POSTGRES_RECORD = """
CREATE SCHEMA IF NOT EXISTS groundwork;
CREATE TABLE IF NOT EXISTS groundwork.migrations (
  version text PRIMARY KEY, finished timestamptz NOT NULL DEFAULT now());
"""
MYSQL_RECORD = """
CREATE TABLE IF NOT EXISTS groundwork_migrations (
  version varchar(190) PRIMARY KEY, finished timestamp NOT NULL DEFAULT now());
"""
# Which SQL files have been run; the shape that hand-written migration scripts use.
HISTORY = {
    "postgres": """
CREATE TABLE IF NOT EXISTS schema_migrations (
  id serial PRIMARY KEY, version varchar(50) NOT NULL UNIQUE,
  executed_at timestamp DEFAULT now(), script_name varchar(255) NOT NULL);
""",
    "mysql": """
CREATE TABLE IF NOT EXISTS schema_migrations (
  id int AUTO_INCREMENT PRIMARY KEY, version varchar(50) NOT NULL UNIQUE,
  executed_at timestamp DEFAULT now(), script_name varchar(255) NOT NULL);
""",
}
# What would end the transaction that a file shares with its row.
TRANSACTION = re.compile(
    r"^[ \t]*(BEGIN|START[ \t]+TRANSACTION|COMMIT|ROLLBACK|END[ \t]+TRANSACTION)"
    r"([ \t]+(WORK|TRANSACTION))?[ \t]*;",
    re.IGNORECASE | re.MULTILINE,
)

# What MySQL cannot undo; MariaDB now and then refuses CREATE PROCEDURE in an open transaction.
DEFINITION = re.compile(r"^\s*(CREATE|ALTER|DROP|RENAME|TRUNCATE)\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Sql:
    """Where the files lie in the release."""

    directory: str
    down_directory: str


@dataclass(frozen=True)
class Migration:
    wanted: Wanted
    command: str | None
    sql: Sql | None
    down: str | None
    seed: str | None
    seed_at_once: bool
    """The first migration is followed by the seed."""
    after: tuple[str, ...]
    """Statements that may be run again and again, each outside of a transaction."""
    task: Task | None = None
    """Where commands run, if not here: the release is an image then, of which nothing is here."""

    @property
    def record(self) -> str:
        postgres = self.wanted.engine == "postgres"
        return "groundwork.migrations" if postgres else "groundwork_migrations"


@dataclass(frozen=True)
class Script:
    """One file of SQL."""

    version: str
    name: str
    content: str


def read(specification: Path) -> Migration:
    """What is told about an application's migrations; of the secrets the owner's alone is read."""
    told: dict[str, Any] = json.loads(specification.read_text())
    return Migration(
        wanted=load(Path(told["database"]), owner_alone=True),
        command=told["command"],
        sql=Sql(**told["sql"]) if told["sql"] else None,
        down=told["down"],
        seed=told["seed"],
        seed_at_once=told["seed_at_once"],
        task=Task.read(told["task"]) if told["task"] else None,
        after=tuple(told["after"]),
    )


# -- files ------------------------------------------------------------------------------------


def order(version: str) -> tuple[int, str]:
    """Numbers as numbers, so that 10 comes after 9."""
    return (int(version), version) if version.isdigit() else (sys.maxsize, version)


def scripts(release: Path, directory: str, ending: str) -> dict[str, Script]:
    """Version → file, in order; a jar is looked into where the folder is none of the release's."""
    place: Path | zipfile.Path = release / directory
    jar = release / "app.jar"
    if not place.is_dir() and jar.is_file():
        place = zipfile.Path(jar) / f"{directory}/"
    if not place.is_dir():
        raise RefusedError(f"the release has no folder {directory}")
    found: dict[str, Script] = {}
    for file in sorted(place.iterdir(), key=lambda file: file.name):
        down = file.name.endswith(".down.sql")
        if not file.name.endswith(".sql") or down != (ending == ".down.sql"):
            continue
        version = file.name.removesuffix(ending).partition("_")[0]
        if version in found:
            raise RefusedError(f"{found[version].name} and {file.name} are both of {version}")
        found[version] = Script(version, file.name, file.read_text(encoding="utf-8"))
    return dict(sorted(found.items(), key=lambda one: order(one[0])))


def refuse_transactions(files: Sequence[Script]) -> None:
    for script in files:
        if ends := TRANSACTION.search(script.content):
            line = script.content.count("\n", 0, ends.start()) + 1
            raise RefusedError(
                f"{script.name}, line {line}: {ends[1].upper()}; each file is a transaction of its "
                "own already, together with its row of schema_migrations. Take the line out"
            )


def run_script(wanted: Wanted, script: Script, row: str) -> None:
    """The file and the change of its row: both, or neither."""
    if wanted.engine == "postgres":
        with postgres_environment(wanted, wanted.owner.login, wanted.database) as environment:
            done = subprocess.run(
                [*PSQL_STRICT, "--single-transaction", "--file=-", f"--command={row}"],
                input=script.content,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
            )
        why = done.stderr.strip().replace("psql:<stdin>:", f"{script.name}, line ")
    else:
        start = "" if DEFINITION.search(script.content) else "START TRANSACTION;"
        statements = f"{start}\n{script.content}\nDELIMITER ;\n{row}\nCOMMIT;"
        with mysql_options(wanted, wanted.owner.login) as options:
            done = subprocess.run(
                ["mariadb", f"--defaults-file={options}", "--batch", wanted.database],
                input=statements,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        # The first line is ours.
        why = re.sub(
            r"(ERROR .*) at line (\d+)",
            lambda found: f"{script.name}, line {int(found[2]) - 1}: {found[1]}",
            mysql_error(done.stderr),
        )
    if done.returncode:
        raise RefusedError(why)


# -- up ---------------------------------------------------------------------------------------


def up(migration: Migration, release: Path, version: str) -> None:
    """What the release brings along runs for a version that the database does not remember."""
    wanted = migration.wanted
    with locked(wanted, LOCK) as own:
        first = prepare(migration)
        if remembers(migration, version):
            print(f"{wanted.database} has already been brought to {version}", flush=True)
            return
        try:
            if migration.sql:
                run_new_files(migration, migration.sql, release)
            elif migration.command:
                run_command(migration, migration.command, release)
            for statement in migration.after:
                answer(wanted, f"{statement.rstrip(';')};")
        except RefusedError as why:
            raise RefusedError(
                f"{why}\n{wanted.database} is not recorded as brought to {version}"
            ) from None
        remember(migration, own, version)
        print(f"{wanted.database} brought to {version}", flush=True)
        if first and migration.seed_at_once:
            run_seed(migration, own, release)


def run_new_files(migration: Migration, sql: Sql, release: Path) -> None:
    wanted = migration.wanted
    answer(wanted, HISTORY[wanted.engine])
    done = history(wanted)
    new = [
        script
        for version, script in scripts(release, sql.directory, ".sql").items()
        if version not in done
    ]
    refuse_transactions(new)
    for script in new:
        values = f"{literal(wanted, script.version)}, {literal(wanted, script.name)}"
        row = f"INSERT INTO schema_migrations (version, script_name) VALUES ({values});"  # noqa: S608 - quoted
        run_script(wanted, script, row)
        if script.version not in history(wanted):
            raise RefusedError(f"{script.name} undid its own transaction")
        print(f"{wanted.database}: {script.name}", flush=True)


def run_command(
    migration: Migration,
    command: str,
    release: Path,
    variables: Mapping[str, str] | None = None,
) -> None:
    if migration.task is not None:
        run(migration.task, command, variables or {})
        return
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        stdin=subprocess.DEVNULL,
        cwd=release,
        env={**os.environ, **(variables or {})},
    )
    if done.returncode:
        raise RefusedError(f"`{command}` ended with status {done.returncode}")


# -- down -------------------------------------------------------------------------------------


def way_back(migration: Migration, sql: Sql, release: Path, target: str) -> list[Script]:
    """The down files that lead to a version, newest first; all of them are there, or none runs."""
    wanted = migration.wanted
    done = history(wanted)
    if target not in done and target.strip("0"):
        raise RefusedError(
            f"{wanted.database} has never been at {target}: it has "
            f"{', '.join(sorted(done, key=order)) or 'no migration'}. 0 undoes all"
        )
    newer = sorted(
        (version for version in done if order(version) > order(target)), key=order, reverse=True
    )
    there = scripts(release, sql.down_directory, ".down.sql")
    missing = [
        f"{done[version].removesuffix('.sql')}.down.sql"
        for version in newer
        if version not in there
    ]
    if missing:
        raise RefusedError(
            f"the release lacks {', '.join(missing)} in {sql.down_directory}; nothing has changed"
        )
    steps = [there[version] for version in newer]
    refuse_transactions(steps)
    return steps


def plan(migration: Migration, release: Path, target: str) -> None:
    """Says what `down` would do, or why it cannot."""
    if migration.sql:
        steps = way_back(migration, migration.sql, release, target)
        for script in steps:
            print(script.name)
        if not steps:
            print(f"{migration.wanted.database} is at {target} already")
    elif migration.down:
        print(migration.down)
    else:
        raise RefusedError(
            "nothing says how this database goes back: migration.down, or migration.sql with its "
            "down files"
        )


def down(migration: Migration, release: Path, target: str, kept: str) -> None:
    """Back to a schema, and the releases after `kept` are forgotten: they migrate again."""
    wanted = migration.wanted
    with locked(wanted, LOCK):
        prepare(migration)
        if migration.sql:
            for script in way_back(migration, migration.sql, release, target):
                version = literal(wanted, script.version)
                row = f"DELETE FROM schema_migrations WHERE version = {version};"  # noqa: S608 - quoted
                run_script(wanted, script, row)
                print(f"{wanted.database}: {script.name}", flush=True)
        elif migration.down:
            run_command(migration, migration.down, release, {TARGET: target})
        else:
            plan(migration, release, target)
        stays = f"{literal(wanted, kept)}, {literal(wanted, SEED)}"
        answer(wanted, f"DELETE FROM {migration.record} WHERE version NOT IN ({stays});")  # noqa: S608 - quoted
        print(f"{wanted.database} taken back to {target}", flush=True)


# -- seed -------------------------------------------------------------------------------------


def seed(migration: Migration, release: Path, *, again: bool) -> None:
    """First content, once; another time only where somebody says so."""
    with locked(migration.wanted, LOCK) as own:
        prepare(migration)
        if remembers(migration, SEED) and not again:
            print(f"{migration.wanted.database} has already been seeded", flush=True)
            return
        run_seed(migration, own, release)


def run_seed(migration: Migration, own: Session, release: Path) -> None:
    if not migration.seed:
        raise RefusedError("the application declares no seed: migration.seed")
    run_command(migration, migration.seed, release)
    remember(migration, own, SEED)
    print(f"{migration.wanted.database} seeded", flush=True)


# -- what the database remembers --------------------------------------------------------------


def prepare(migration: Migration) -> bool:
    """There is a record; True where it is empty."""
    wanted = migration.wanted
    answer(wanted, POSTGRES_RECORD if wanted.engine == "postgres" else MYSQL_RECORD)
    return answer(wanted, f"SELECT count(*) FROM {migration.record};") == "0"  # noqa: S608 - ours


def remembers(migration: Migration, version: str) -> bool:
    version = literal(migration.wanted, version)
    known = f"SELECT count(*) FROM {migration.record} WHERE version = {version};"  # noqa: S608 - quoted
    return answer(migration.wanted, known) != "0"


def remember(migration: Migration, own: Session, version: str) -> None:
    """By the connection that has the lock: whoever lost it records nothing."""
    version = literal(migration.wanted, version)
    gone = f"DELETE FROM {migration.record} WHERE version = {version};"  # noqa: S608 - quoted
    insert = f"INSERT INTO {migration.record} (version) VALUES ({version})"  # noqa: S608 - quoted
    postgres = migration.wanted.engine == "postgres"
    own.ask(f"{gone} {insert} RETURNING 1;" if postgres else f"{gone} {insert}; SELECT 1;")


def history(wanted: Wanted) -> dict[str, str]:
    """Version → script of the SQL files that have been run."""
    schema = "current_schema()" if wanted.engine == "postgres" else "database()"
    tables = "information_schema.tables WHERE table_name = 'schema_migrations'"
    if answer(wanted, f"SELECT count(*) FROM {tables} AND table_schema = {schema};") == "0":  # noqa: S608 - ours
        return {}
    rows = answer(wanted, "SELECT concat(version, ' ', script_name) FROM schema_migrations;")
    return dict(row.split(" ", 1) for row in rows.splitlines())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("action", choices=("up", "down", "plan", "seed"))
    parser.add_argument("specification", type=Path)
    parser.add_argument("version", help="of the release whose folder this is started in")
    given = parser.parse_args()
    release = Path.cwd()
    target, kept = os.environ.get(TARGET, ""), os.environ.get(KEPT, "")
    try:
        migration = read(given.specification)
        actions: dict[str, Callable[[], None]] = {
            "up": lambda: up(migration, release, given.version),
            "down": lambda: down(migration, release, target, kept),
            "plan": lambda: plan(migration, release, target),
            "seed": lambda: seed(migration, release, again=AGAIN in os.environ),
        }
        actions[given.action]()
    except RefusedError as why:
        print(why, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
