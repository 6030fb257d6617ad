#!/usr/bin/python3
"""Brings a database into the shape that an application needs, from the operations instance.

    check      is everything so? (changes nothing)
    bootstrap  database, roles, rights, extensions, settings
    migrate    an application's own command, once a version, under a lock in the database

Passwords are read here, with the role of this instance, and go to the server through a pipe or as
a digest; none is an argument, a variable of a foreign process or a line of a log.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLOUD = "/usr/local/lib/groundwork/cloud"
LOCK_SECONDS = 600

# What each kind of role may do with the tables and sequences that the owner has or will make.
TABLE_RIGHTS = {
    "write": "SELECT, INSERT, UPDATE, DELETE",
    "read": "SELECT",
    "backup": "SELECT",
}
SEQUENCE_RIGHTS = {"write": "USAGE, SELECT, UPDATE", "read": "SELECT", "backup": "SELECT"}
# LOCK TABLES and the rest are what mysqldump asks for.
MYSQL_RIGHTS = {
    "owner": "ALL PRIVILEGES",
    "write": "SELECT, INSERT, UPDATE, DELETE, EXECUTE, CREATE TEMPORARY TABLES, LOCK TABLES",
    "read": "SELECT, SHOW VIEW",
    "backup": "SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES",
}


class RefusedError(Exception):
    """What went wrong, for a person; without the text of any statement."""


@dataclass(frozen=True)
class Login:
    """Who connects where; the password never leaves this process but to the client's own file."""

    host: str
    port: int
    user: str
    password: str


@dataclass(frozen=True)
class DatabaseRole:
    name: str
    rights: str
    login: Login
    settings: dict[str, str]


@dataclass(frozen=True)
class Wanted:
    engine: str
    database: str
    administrator: Login
    owner: DatabaseRole
    roles: tuple[DatabaseRole, ...]
    extensions: tuple[str, ...]
    certificates: str | None
    character_set: str

    @property
    def everyone(self) -> tuple[DatabaseRole, ...]:
        return (self.owner, *self.roles)


def read_secret(arn: str) -> dict[str, Any]:
    done = subprocess.run([CLOUD, "read-secret", arn], capture_output=True, text=True)
    if done.returncode:
        raise RefusedError(done.stderr.strip())
    return json.loads(done.stdout)


def load(specification: Path, *, owner_alone: bool) -> Wanted:
    """What is wanted; a migration reads the owner's secret and no other."""
    told = json.loads(specification.read_text())

    def login(arn: str) -> Login:
        found = read_secret(arn)
        return Login(found["host"], int(found["port"]), found["username"], found["password"])

    def role(told: dict[str, Any], rights: str) -> DatabaseRole:
        return DatabaseRole(told["name"], rights, login(told["arn"]), told.get("settings", {}))

    owner = role(told["owner"], "owner")
    return Wanted(
        engine=told["engine"],
        database=told["database"],
        administrator=owner.login if owner_alone else login(told["administrator"]["arn"]),
        owner=owner,
        roles=() if owner_alone else tuple(role(each, each["rights"]) for each in told["roles"]),
        extensions=tuple(told["extensions"]),
        certificates=told.get("certificates"),
        character_set=told["character_set"],
    )


def name(text: str) -> str:
    """An SQL identifier as it is, even one that begins with a digit."""
    return '"' + text.replace('"', '""') + '"'


def text(value: str) -> str:
    """An SQL string."""
    return "'" + value.replace("'", "''") + "'"


# -- PostgreSQL -------------------------------------------------------------------------------


@contextmanager
def private_file(content: str) -> Generator[str]:
    """In memory, for this user alone, for as long as it is needed."""
    directory = "/dev/shm"  # noqa: S108 - memory-backed; the file is 0600 and its name random
    with tempfile.NamedTemporaryFile("w", dir=directory, prefix="groundwork.") as file:
        file.write(content)
        file.flush()
        yield file.name


@contextmanager
def postgres_environment(wanted: Wanted, login: Login, database: str) -> Generator[dict[str, str]]:
    escaped = login.password.replace("\\", "\\\\").replace(":", "\\:")
    with private_file(f"*:*:*:*:{escaped}\n") as passwords:
        yield {
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            "PGHOST": login.host,
            "PGPORT": str(login.port),
            "PGUSER": login.user,
            "PGDATABASE": database,
            "PGPASSFILE": passwords,
            "PGCONNECT_TIMEOUT": "10",
            "PGAPPNAME": "groundwork",
            **(
                {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": wanted.certificates}
                if wanted.certificates
                else {"PGSSLMODE": "require"}
            ),
        }


PSQL = ("psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only")
# Terse: an error never quotes the statement, in which a password might stand.
PSQL_STRICT = (*PSQL, "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse")


def psql(wanted: Wanted, login: Login, database: str, statements: str) -> str:
    with postgres_environment(wanted, login, database) as environment:
        done = subprocess.run(
            [*PSQL_STRICT, "--file=-"],
            input=statements,
            capture_output=True,
            text=True,
            env=environment,
        )
    if done.returncode:
        raise RefusedError(f"{database}: {done.stderr.strip()}")
    return done.stdout


def scram(password: str) -> str:
    """What the server stores of a password (RFC 5803), so that it never sees the password."""
    salt, rounds = secrets.token_bytes(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    client = hmac.new(salted, b"Client Key", hashlib.sha256).digest()
    server = hmac.new(salted, b"Server Key", hashlib.sha256).digest()
    stored = hashlib.sha256(client).digest()

    def encoded(value: bytes) -> str:
        return base64.b64encode(value).decode()

    return f"SCRAM-SHA-256${rounds}:{encoded(salt)}${encoded(stored)}:{encoded(server)}"


def can_log_in(wanted: Wanted, role: DatabaseRole) -> bool:
    try:
        answer = psql(wanted, role.login, wanted.database, "SELECT current_user;")
    except RefusedError:
        return False
    return answer.strip() == role.name


def rights_sql(wanted: Wanted) -> str:
    """Everything inside the database; again and again it comes to the same."""
    owner = name(wanted.owner.name)
    database = name(wanted.database)
    lines = [
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC;",
        # Since PostgreSQL 15 only the owner of a database may create in its public schema.
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
    ]
    lines += [f"CREATE EXTENSION IF NOT EXISTS {name(each)};" for each in wanted.extensions]
    for role in wanted.everyone:
        lines += [
            f"ALTER ROLE {name(role.name)} IN DATABASE {database} SET {name(key)} = {text(value)};"
            for key, value in sorted(role.settings.items())
        ]
    lines.append(f"SET ROLE {owner};")
    for role in wanted.roles:
        to = name(role.name)
        tables, sequences = TABLE_RIGHTS[role.rights], SEQUENCE_RIGHTS[role.rights]
        # For the role that makes the tables: default rights are those of the maker's own.
        default = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT"
        lines += [
            f"GRANT CONNECT ON DATABASE {database} TO {to};",
            f"GRANT USAGE ON SCHEMA public TO {to};",
            f"GRANT {tables} ON ALL TABLES IN SCHEMA public TO {to};",
            f"GRANT {sequences} ON ALL SEQUENCES IN SCHEMA public TO {to};",
            f"{default} {tables} ON TABLES TO {to};",
            f"{default} {sequences} ON SEQUENCES TO {to};",
        ]
    lines.append("RESET ROLE;")
    return "\n".join(lines)


# What rights_sql could change, as one text.
SHAPE = """
SELECT 'database', datname, pg_get_userbyid(datdba), datacl::text FROM pg_database
  WHERE datname = current_database();
SELECT 'schema', nspname, nspacl::text FROM pg_namespace WHERE nspname = 'public';
SELECT 'extension', extname FROM pg_extension ORDER BY extname;
SELECT 'default', defaclrole::regrole, defaclobjtype, defaclacl::text FROM pg_default_acl
  ORDER BY 2, 3, 4;
SELECT 'relation', relname, relacl::text FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  ORDER BY relname;
SELECT 'setting', setrole, setconfig::text FROM pg_db_role_setting ORDER BY setrole, setconfig;
"""


def postgres_is_so(wanted: Wanted) -> bool:
    """Every role can log in, and giving all rights again, then undoing it, changes nothing."""
    if not all(can_log_in(wanted, role) for role in wanted.everyone):
        return False
    mark = "---- between ----"
    trial = f"BEGIN;{SHAPE}\\echo {mark}\n{rights_sql(wanted)}\n\\echo {mark}\n{SHAPE}ROLLBACK;"
    try:
        answer = psql(wanted, wanted.administrator, wanted.database, trial)
    except RefusedError:
        return False
    before, _, after = answer.split(mark)
    return before.strip() == after.strip()


def bootstrap_postgres(wanted: Wanted) -> None:
    administrator = wanted.administrator

    def ask(statements: str, database: str = "postgres") -> str:
        return psql(wanted, administrator, database, statements).strip()

    for role in wanted.everyone:
        exists = ask(f"SELECT 1 FROM pg_roles WHERE rolname = {text(role.name)};")  # noqa: S608 - quoted
        verb = "ALTER" if exists else "CREATE"
        if not exists or not can_log_in(wanted, role):
            ask(
                f"{verb} ROLE {name(role.name)} LOGIN NOCREATEDB NOCREATEROLE "
                f"PASSWORD {text(scram(role.login.password))};"
            )
    owner = name(wanted.owner.name)
    # Who hands a database over, or gives rights in another's name, must be able to become it.
    right = "SET" if int(ask("SHOW server_version_num;")) >= 160_000 else "MEMBER"
    if ask(f"SELECT pg_has_role(current_user, {text(wanted.owner.name)}, '{right}');") != "t":
        ask(f"GRANT {owner} TO CURRENT_USER;")
    database = name(wanted.database)
    handed_to = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname"
    found = ask(f"{handed_to} = {text(wanted.database)};")
    if not found:
        ask(
            f"CREATE DATABASE {database} OWNER {owner} TEMPLATE template0 "
            f"ENCODING {text(wanted.character_set)};"
        )
    elif found != wanted.owner.name:
        ask(f"ALTER DATABASE {database} OWNER TO {owner};")
    ask(f"BEGIN;\n{rights_sql(wanted)}\nCOMMIT;", wanted.database)


# -- MySQL ------------------------------------------------------------------------------------


def backticked(word: str) -> str:
    return "`" + word.replace("`", "``") + "`"


def mysql_text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


@contextmanager
def mysql_options(wanted: Wanted, login: Login) -> Generator[str]:
    password = login.password.replace("\\", "\\\\").replace('"', '\\"')
    tls = (
        f"ssl-ca={wanted.certificates}\nssl-verify-server-cert\n"
        if wanted.certificates
        else "ssl\nskip-ssl-verify-server-cert\n"
    )
    with private_file(
        f'[client]\nhost={login.host}\nport={login.port}\nuser={login.user}\npassword="{password}"\n'
        f"protocol=tcp\nconnect-timeout=10\n{tls}"
    ) as file:
        yield file


def mysql(wanted: Wanted, login: Login, statements: str, database: str = "") -> str:
    with mysql_options(wanted, login) as options:
        done = subprocess.run(
            [
                *("mariadb", f"--defaults-file={options}", "--batch", "--skip-column-names"),
                *([database] if database else []),
            ],
            input=statements,
            capture_output=True,
            text=True,
        )
    if done.returncode:
        # "ERROR 1064 (42000) at line 1: ... near '...'" may quote a statement: the code will do.
        raise RefusedError(f"{wanted.database}: {done.stderr.partition(':')[0].strip()}")
    return done.stdout


def account(role: DatabaseRole) -> str:
    return f"{mysql_text(role.name)}@'%'"


def mysql_grants(wanted: Wanted, role: DatabaseRole) -> str:
    # In a grant, an underscore stands for any letter unless it is escaped.
    database = backticked(wanted.database.replace("_", "\\_"))
    return f"GRANT {MYSQL_RIGHTS[role.rights]} ON {database}.* TO {account(role)};"


def mysql_is_so(wanted: Wanted) -> bool:
    try:
        for role in wanted.everyone:
            if mysql(wanted, role.login, "SELECT 1;", wanted.database).strip() != "1":
                return False
            shown = mysql(wanted, role.login, "SHOW GRANTS;").upper()
            shown = shown.replace("`", "").replace("\\", "")
            have = f"ON {wanted.database}.* TO".upper()
            line = next((each for each in shown.splitlines() if have in each), "")
            given = {each.strip() for each in line.partition(" ON ")[0][6:].split(",")}
            if given != {each.strip() for each in MYSQL_RIGHTS[role.rights].split(",")}:
                return False
    except RefusedError:
        return False
    return True


def bootstrap_mysql(wanted: Wanted) -> None:
    statements = [
        f"CREATE DATABASE IF NOT EXISTS {backticked(wanted.database)} "
        f"CHARACTER SET {wanted.character_set};"
    ]
    for role in wanted.everyone:
        password = mysql_text(role.login.password)
        statements += [
            f"CREATE USER IF NOT EXISTS {account(role)} IDENTIFIED BY {password};",
            f"ALTER USER {account(role)} IDENTIFIED BY {password} REQUIRE SSL;",
            f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {account(role)};",
            mysql_grants(wanted, role),
        ]
    mysql(wanted, wanted.administrator, "\n".join(statements))


# -- migrations -------------------------------------------------------------------------------

POSTGRES_RECORD = """
CREATE SCHEMA IF NOT EXISTS groundwork;
CREATE TABLE IF NOT EXISTS groundwork.migrations (
  version text PRIMARY KEY, finished timestamptz NOT NULL DEFAULT now());
"""
MYSQL_RECORD = """
CREATE TABLE IF NOT EXISTS groundwork_migrations (
  version varchar(190) PRIMARY KEY, finished timestamp NOT NULL DEFAULT now());
"""


class Session:
    """One connection of the owner that stays open while somebody else works, and so keeps a lock:
    whoever dies loses it, and nobody has to clean up."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self._client = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def ask(self, statement: str) -> str:
        """The one value that a statement answers with."""
        assert self._client.stdin
        assert self._client.stdout
        assert self._client.stderr
        self._client.stdin.write(statement + "\n")
        self._client.stdin.flush()
        answer = self._client.stdout.readline()
        if not answer:
            raise RefusedError(f"the database ended the session: {self._client.stderr.read()}")
        return answer.strip()

    def close(self) -> None:
        assert self._client.stdin
        self._client.stdin.close()
        self._client.wait()


@contextmanager
def session(wanted: Wanted) -> Generator[Session]:
    if wanted.engine == "postgres":
        with postgres_environment(wanted, wanted.owner.login, wanted.database) as environment:
            opened = Session(PSQL_STRICT, environment)
            try:
                yield opened
            finally:
                opened.close()
        return
    with mysql_options(wanted, wanted.owner.login) as options:
        command = ("mariadb", f"--defaults-file={options}", "--batch", "--skip-column-names")
        opened = Session((*command, "--unbuffered", wanted.database), dict(os.environ))
        try:
            yield opened
        finally:
            opened.close()


def migrate(wanted: Wanted, version: str, command: Sequence[str]) -> None:
    """The command runs for a version that the database does not remember; then it does."""
    postgres = wanted.engine == "postgres"
    with session(wanted) as own:
        if postgres:
            deadline = time.monotonic() + LOCK_SECONDS
            while own.ask("SELECT pg_try_advisory_lock(hashtext('groundwork migrations'));") != "t":
                if time.monotonic() > deadline:
                    raise RefusedError(f"another migration holds the lock for {LOCK_SECONDS} s")
                time.sleep(1)
            psql(wanted, wanted.owner.login, wanted.database, POSTGRES_RECORD)
            table = "groundwork.migrations"
        else:
            if own.ask(f"SELECT GET_LOCK('groundwork migrations', {LOCK_SECONDS});") != "1":
                raise RefusedError(f"another migration holds the lock for {LOCK_SECONDS} s")
            mysql(wanted, wanted.owner.login, MYSQL_RECORD, wanted.database)
            table = "groundwork_migrations"
        known = f"SELECT count(*) FROM {table} WHERE version = {text(version)};"  # noqa: S608 - quoted
        if own.ask(known) != "0":
            print(f"{wanted.database} has already been brought to {version}", flush=True)
            return
        done = subprocess.run(command, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RefusedError(
                f"{' '.join(command)} ended with status {done.returncode}; {wanted.database} is "
                f"not recorded as brought to {version}"
            )
        insert = f"INSERT INTO {table} (version) VALUES ({text(version)})"  # noqa: S608 - quoted
        if postgres:
            own.ask(f"{insert} RETURNING 1;")
        else:
            own.ask(f"{insert}; SELECT 1;")
        print(f"{wanted.database} brought to {version}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("action", choices=("check", "bootstrap", "migrate"))
    parser.add_argument("specification", type=Path)
    parser.add_argument("version", nargs="?", default="")
    parser.add_argument("command", nargs="*")
    given = parser.parse_args()
    try:
        wanted = load(given.specification, owner_alone=given.action == "migrate")
        is_so, bootstrap = {
            "postgres": (postgres_is_so, bootstrap_postgres),
            "mysql": (mysql_is_so, bootstrap_mysql),
        }[wanted.engine]
        if given.action == "check":
            return 0 if is_so(wanted) else 1
        if given.action == "bootstrap":
            bootstrap(wanted)
        else:
            migrate(wanted, given.version, given.command)
    except RefusedError as why:
        print(why, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
