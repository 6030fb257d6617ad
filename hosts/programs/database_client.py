"""How the operations instance speaks to a database: who it is there, by which client.

Passwords are read here, with the role of this instance, and go to the server through a file that
only memory holds; none is an argument, a variable of a foreign process or a line of a log.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLOUD = "/usr/local/lib/groundwork/cloud"
LOCK_SECONDS = 600
SECONDS_TO_CONNECT = 60
"""Nobody who visits waits for it, and a server that is busy for a while is no reason to fail."""


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
    closed: tuple[str, ...]
    """Users that may not log in any more."""
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

    def login(arn: str, *, is_next: bool = False) -> Login:
        found = read_secret(arn)
        if is_next:
            found |= found["next"]
        return Login(found["host"], int(found["port"]), found["username"], found["password"])

    def role(told: dict[str, Any], rights: str) -> DatabaseRole:
        who = login(told["arn"], is_next=told.get("is_next", False))
        return DatabaseRole(told["name"], rights, who, told.get("settings", {}))

    owner = role(told["owner"], "owner")
    return Wanted(
        engine=told["engine"],
        database=told["database"],
        administrator=owner.login if owner_alone else login(told["administrator"]["arn"]),
        owner=owner,
        roles=() if owner_alone else tuple(role(each, each["rights"]) for each in told["roles"]),
        closed=tuple(told["closed"]),
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
            "PGCONNECT_TIMEOUT": str(SECONDS_TO_CONNECT),
            "PGAPPNAME": "groundwork",
            **(
                {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": wanted.certificates}
                if wanted.certificates
                else {"PGSSLMODE": "require"}
            ),
        }


PSQL = ("psql", "--no-psqlrc", "--no-password", "--quiet", "--no-align", "--tuples-only")
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
        f"protocol=tcp\nloose-connect-timeout={SECONDS_TO_CONNECT}\n{tls}"
    ) as file:
        yield file


def mysql_error(said: str) -> str:
    """The error's number and line alone: what stands around them quotes statements."""
    found = re.search(r"ERROR \d+ \(\w+\)( at line \d+)?", said)
    return found[0] if found else "the client failed"


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
        raise RefusedError(f"{wanted.database}: {mysql_error(done.stderr)}")
    return done.stdout


# -- either one -------------------------------------------------------------------------------


def answer(wanted: Wanted, statement: str) -> str:
    """What a statement of the owner answers."""
    client = psql if wanted.engine == "postgres" else mysql_in
    return client(wanted, wanted.owner.login, wanted.database, statement).strip()


def literal(wanted: Wanted, value: str) -> str:
    """A string, as the database's own SQL writes it."""
    return text(value) if wanted.engine == "postgres" else mysql_text(value)


def mysql_in(wanted: Wanted, login: Login, database: str, statements: str) -> str:
    return mysql(wanted, login, statements, database)


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


@contextmanager
def locked(wanted: Wanted, purpose: str) -> Generator[Session]:
    """One at a time in this database; RefusedError where another does not end."""
    with session(wanted) as own:
        if wanted.engine == "postgres":
            ask = f"SELECT pg_try_advisory_lock(hashtext({text(f'groundwork {purpose}')}));"
            deadline = time.monotonic() + LOCK_SECONDS
            while own.ask(ask) != "t":
                if time.monotonic() > deadline:
                    raise RefusedError(f"another of {purpose} holds the lock for {LOCK_SECONDS} s")
                time.sleep(1)
        else:
            # The server's own, not the database's, and 64 characters at most.
            lock = mysql_text(
                f"{purpose[:20]} {hashlib.sha256(wanted.database.encode()).hexdigest()[:40]}"
            )
            if own.ask(f"SELECT GET_LOCK({lock}, {LOCK_SECONDS});") != "1":
                raise RefusedError(f"another of {purpose} holds the lock for {LOCK_SECONDS} s")
        yield own
