"""Real database servers for tests of the programs that work on them: TLS and passwords alone, and
an administrator as RDS gives one, who may create users and databases and is no superuser."""

import json
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hosts.programs import database_client

POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
MARIADB = shutil.which("mariadbd")
ADMIN = "adm:in\\ 'pass\" word$"
PASSWORD = "p'a\"ss:w\\ord"
HOST = "127.0.0.1"

needs_postgres = pytest.mark.skipif(
    not POSTGRES or shutil.which("psql") is None, reason="needs PostgreSQL of Debian"
)
needs_mariadb = pytest.mark.skipif(MARIADB is None, reason="needs MariaDB of Debian")


@dataclass(frozen=True)
class Server:
    engine: str
    port: int
    log: Path


def _as(user: str, *command: str) -> None:
    with tempfile.TemporaryFile("w+") as said:  # no pipe: a server would hold it open
        done = subprocess.run(
            ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd="/",
        )
        said.seek(0)
        assert done.returncode == 0, f"{command}: {said.read()}"


@contextmanager
def _home(user: str) -> Iterator[Path]:
    """A folder of the user's own. Not one of pytest's: those only whoever runs it may enter."""
    with tempfile.TemporaryDirectory(prefix=f"groundwork-{user}-") as place:
        home, entry = Path(place), pwd.getpwnam(user)
        shutil.chown(home, entry.pw_uid, entry.pw_gid)
        yield home


def _certified(home: Path, user: str) -> int:
    """The server has a certificate; a free port."""
    _as(
        user,
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=db"),
        *("-keyout", f"{home}/server.key", "-out", f"{home}/server.crt", "-days", "2"),
    )
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres() -> Iterator[Server]:
    with _home("postgres") as home, _postgres(home) as port:
        yield Server("postgres", port, home / "log")


@contextmanager
def mariadb() -> Iterator[Server]:
    with _home("mysql") as home, _mariadb(home) as port:
        yield Server("mysql", port, home / "log")


@contextmanager
def _postgres(home: Path) -> Iterator[int]:
    port, data, server = _certified(home, "postgres"), home / "data", str(POSTGRES[-1])
    _as(
        "postgres",
        *(f"{server}/initdb", "-D", str(data), "-U", "rdsadmin", "-A", "scram-sha-256"),
        *("--no-sync", "-E", "UTF8", "--locale=C.UTF-8", "--auth-local=trust"),
    )
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write(
            f"listen_addresses='{HOST}'\nport={port}\nunix_socket_directories='{home}'\n"
            f"ssl=on\nssl_cert_file='{home}/server.crt'\nssl_key_file='{home}/server.key'\n"
            "fsync=off\nlog_statement='all'\n"
        )
    (data / "pg_hba.conf").write_text(
        f"local all all trust\nhostssl all all {HOST}/32 scram-sha-256\n"
    )
    _as("postgres", f"{server}/pg_ctl", "-D", str(data), "-l", f"{home}/log", "-w", "start")
    try:
        quoted = ADMIN.replace("'", "''")
        _as(
            "postgres",
            *("psql", "-h", str(home), "-p", str(port), "-U", "rdsadmin", "-d", "postgres", "-qc"),
            f"CREATE ROLE administrator LOGIN CREATEDB CREATEROLE PASSWORD '{quoted}'",
        )
        yield port
    finally:
        _as("postgres", f"{server}/pg_ctl", "-D", str(data), "-m", "immediate", "-t", "300", "stop")


@contextmanager
def _mariadb(home: Path) -> Iterator[int]:
    port = _certified(home, "mysql")
    _as(
        "mysql",
        *("mariadb-install-db", "--no-defaults", f"--datadir={home}/data", "--skip-test-db"),
        *("--auth-root-authentication-method=socket", "--auth-root-socket-user=mysql"),
    )
    server = subprocess.Popen(
        [
            *("setpriv", "--reuid=mysql", "--regid=mysql", "--clear-groups", "mariadbd"),
            *("--no-defaults", f"--datadir={home}/data", f"--port={port}"),
            *(f"--bind-address={HOST}", f"--socket={home}/socket", f"--pid-file={home}/pid"),
            *(f"--ssl-cert={home}/server.crt", f"--ssl-key={home}/server.key"),
            "--skip-name-resolve",
        ],
        stdout=subprocess.DEVNULL,
        stderr=(home / "log").open("w"),
        cwd="/",
    )
    try:
        deadline = time.monotonic() + 60
        while not (home / "socket").exists():
            assert time.monotonic() < deadline, (home / "log").read_text()
            time.sleep(0.1)
        quoted = ADMIN.replace("\\", "\\\\").replace("'", "''")
        _as(
            "mysql",
            *("mariadb", "--no-defaults", f"--socket={home}/socket", "-e"),
            f"CREATE USER administrator@'%' IDENTIFIED BY '{quoted}'; "
            "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, "
            "INDEX, ALTER, SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, "
            "REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, "
            "ALTER ROUTINE, CREATE USER, EVENT, TRIGGER, DELETE HISTORY ON *.* "
            "TO administrator@'%' WITH GRANT OPTION",
        )
        yield port
    finally:
        server.terminate()
        server.wait(60)


class Specifications:
    """What the operations instance is told about databases of a server, with their secrets in a
    stand-in of the program that reads them."""

    def __init__(self, server: Server, home: Path, patch: pytest.MonkeyPatch) -> None:
        self._engine, self._port, self._home = server.engine, server.port, home
        self._secrets: dict[str, dict[str, Any]] = {}
        cloud = home / "cloud"
        cloud.write_text(
            f"#!{sys.executable} -IS\nimport json, sys\n"
            f"print(json.dumps(json.load(open({str(home / 'secrets')!r}))[sys.argv[2]]), end='')\n"
        )
        cloud.chmod(0o755)
        patch.setattr(database_client, "CLOUD", str(cloud))

    def secret(self, arn: str, user: str, password: str, **more: Any) -> str:
        self._secrets[arn] = {
            "host": HOST,
            "port": self._port,
            "username": user,
            "password": password,
            **more,
        }
        (self._home / "secrets").write_text(json.dumps(self._secrets))
        return arn

    def announced(self, user: str, following: str, password: str) -> list[dict[str, Any]]:
        """Somebody who writes, and who takes over next, as their one secret tells of both."""
        coming = {"username": following, "password": password}
        arn = self.secret("announced", user, f"{PASSWORD}-write", next=coming)
        both = {"arn": arn, "rights": "write", "settings": {}}
        return [{"name": user, **both}, {"name": following, "is_next": True, **both}]

    def __call__(self, name: str, *, password: str = PASSWORD, **changes: Any) -> Path:
        """The specification of a database of that name, whose users' names begin with it."""
        file = self._home / f"{name}.json"
        postgres = self._engine == "postgres"
        told = {
            "engine": self._engine,
            "database": name,
            "administrator": {"arn": self.secret("admin", "administrator", ADMIN)},
            "owner": {
                "name": f"{name}_owner",
                "arn": self.secret("owner", f"{name}_owner", f"{password}-owner"),
            },
            "roles": [
                {
                    "name": f"{name}_{rights}",
                    "arn": self.secret(rights, f"{name}_{rights}", f"{password}-{rights}"),
                    "rights": rights,
                    "settings": (
                        {"statement_timeout": "10s"} if postgres and rights == "write" else {}
                    ),
                }
                for rights in ("write", "read", "backup")
            ],
            "closed": [],
            "extensions": ["pgcrypto"] if postgres else [],
            "certificates": None,
            "character_set": "UTF8" if postgres else "utf8mb4",
            **changes,
        }
        file.write_text(json.dumps(told))
        return file
