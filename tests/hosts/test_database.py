"""Databases, roles and rights on a real PostgreSQL, by an administrator as RDS gives one: it may
create roles and databases, and is no superuser."""

import json
import pwd
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hosts.programs import database
from hosts.programs.database import RefusedError, Wanted, psql

SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not SERVERS or shutil.which("psql") is None, reason="needs PostgreSQL of Debian"
    ),
]

ADMIN = "adm:in\\ 'pass\" word$"
PASSWORD = "p'a\"ss:w\\ord"
HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A PostgreSQL with TLS and passwords alone; its port."""
    home = tmp_path_factory.mktemp("postgres")
    for directory in (home, *home.parents[:2]):
        directory.chmod(0o755)
    data, user = home / "data", pwd.getpwnam("postgres")
    shutil.chown(home, user.pw_uid, user.pw_gid)
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])

    def as_postgres(*command: str) -> None:
        subprocess.run(
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )

    as_postgres(
        *(f"{SERVERS[-1]}/initdb", "-D", str(data), "-U", "rdsadmin", "-A", "scram-sha-256"),
        *("--no-sync", "-E", "UTF8", "--locale=C.UTF-8", "--auth-local=trust"),
    )
    as_postgres(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=db"),
        *("-keyout", f"{data}/server.key", "-out", f"{data}/server.crt", "-days", "2"),
    )
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write(
            f"listen_addresses='{HOST}'\nport={port}\nunix_socket_directories='{home}'\n"
            "ssl=on\nfsync=off\nlog_statement='all'\n"
        )
    (data / "pg_hba.conf").write_text(
        f"local all all trust\nhostssl all all {HOST}/32 scram-sha-256\n"
    )
    as_postgres(f"{SERVERS[-1]}/pg_ctl", "-D", str(data), "-l", f"{home}/log", "-w", "start")
    try:
        quoted = ADMIN.replace("'", "''")
        as_postgres(
            *("psql", "-h", str(home), "-p", str(port), "-U", "rdsadmin", "-d", "postgres", "-qc"),
            f"CREATE ROLE administrator LOGIN CREATEDB CREATEROLE PASSWORD '{quoted}'",
        )
        yield port
    finally:
        as_postgres(
            f"{SERVERS[-1]}/pg_ctl", "-D", str(data), "-m", "immediate", "-t", "300", "stop"
        )


Specify = Callable[..., Path]


@pytest.fixture
def specify(server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Specify:
    """A specification, with its secrets in a stand-in of the program that reads them."""
    secrets: dict[str, dict[str, Any]] = {}
    store = tmp_path / "secrets.json"
    cloud = tmp_path / "cloud"
    cloud.write_text(
        f"#!{sys.executable} -IS\nimport json, sys\n"
        f"print(json.dumps(json.load(open({str(store)!r}))[sys.argv[2]]), end='')\n"
    )
    cloud.chmod(0o755)
    monkeypatch.setattr(database, "CLOUD", str(cloud))

    def secret(arn: str, user: str, password: str) -> str:
        secrets[arn] = {"host": HOST, "port": server, "username": user, "password": password}
        store.write_text(json.dumps(secrets))
        return arn

    def make(name: str, *, password: str = PASSWORD, **changes: Any) -> Path:
        file = tmp_path / f"{name}.json"
        told = {
            "engine": "postgres",
            "database": name,
            "administrator": {"arn": secret("admin", "administrator", ADMIN)},
            "owner": {
                "name": f"{name}_owner",
                "arn": secret("owner", f"{name}_owner", f"{password}-owner"),
            },
            "roles": [
                {
                    "name": f"{name}_{rights}",
                    "arn": secret(rights, f"{name}_{rights}", f"{password}-{rights}"),
                    "rights": rights,
                    "settings": {"statement_timeout": "10s"} if rights == "write" else {},
                }
                for rights in ("write", "read", "backup")
            ],
            "extensions": ["pgcrypto"],
            "certificates": None,
            "character_set": "UTF8",
            **changes,
        }
        file.write_text(json.dumps(told))
        return file

    return make


def load(specification: Path) -> Wanted:
    return database.load(specification, owner_alone=False)


def run(wanted: Wanted, rights: str, statement: str) -> str:
    role = next(role for role in wanted.everyone if role.rights == rights)
    return psql(wanted, role.login, wanted.database, statement).strip()


@pytest.fixture
def made(specify: Specify, request: pytest.FixtureRequest) -> Wanted:
    """A database whose name begins with a digit, made anew for each test."""
    wanted = load(specify(f"3d_{abs(hash(request.node.name)) % 10**8}"))
    database.bootstrap_postgres(wanted)
    return wanted


def test_a_database_whose_name_begins_with_a_digit_is_made_and_then_so(specify: Specify) -> None:
    wanted = load(specify("3dgenerator_prod"))
    assert not database.postgres_is_so(wanted)

    database.bootstrap_postgres(wanted)

    assert database.postgres_is_so(wanted)
    database.bootstrap_postgres(wanted)
    assert database.postgres_is_so(wanted)


def test_migrations_of_the_owner_can_make_tables(made: Wanted) -> None:
    run(made, "owner", "CREATE TABLE models (id serial PRIMARY KEY, name text);")

    assert database.postgres_is_so(made)


def test_tables_made_later_can_be_written_and_read_by_who_may(made: Wanted) -> None:
    run(made, "owner", "CREATE TABLE later (id serial PRIMARY KEY, name text);")

    run(made, "write", "INSERT INTO later (name) VALUES ('a');")
    assert run(made, "read", "SELECT name FROM later;") == "a"
    assert run(made, "backup", "SELECT name FROM later; SELECT last_value FROM later_id_seq;")
    assert run(made, "write", "SHOW statement_timeout;") == "10s"


@pytest.mark.parametrize(
    ("rights", "statement"),
    [
        ("read", "INSERT INTO later (name) VALUES ('b')"),
        ("read", "SELECT nextval('later_id_seq')"),
        ("read", "CREATE TABLE mine (id int)"),
        ("backup", "DELETE FROM later"),
        ("write", "DROP TABLE later"),
        ("write", "CREATE TABLE mine (id int)"),
        ("write", "TRUNCATE later"),
        ("owner", "CREATE ROLE another"),
        ("owner", "CREATE DATABASE another"),
    ],
)
def test_nobody_may_more_than_his_part(made: Wanted, rights: str, statement: str) -> None:
    run(made, "owner", "CREATE TABLE later (id serial PRIMARY KEY, name text);")

    with pytest.raises(RefusedError, match=r"permission denied|must be owner"):
        run(made, rights, f"{statement};")


def test_roles_of_another_application_cannot_even_connect(
    made: Wanted, specify: Specify, request: pytest.FixtureRequest
) -> None:
    stranger = load(specify("stranger"))
    database.bootstrap_postgres(stranger)

    role = stranger.owner.login
    with pytest.raises(RefusedError, match="permission denied for database"):
        psql(made, role, made.database, "SELECT 1;")


@pytest.mark.parametrize(
    "drift",
    [
        "CREATE TABLE t (id int); REVOKE SELECT ON t FROM {0}_read;",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT ON TABLES FROM {0}_read;",
        'GRANT CONNECT ON DATABASE "{0}" TO PUBLIC;',
        "REVOKE USAGE ON SCHEMA public FROM {0}_write;",
    ],
)
def test_a_right_that_somebody_took_or_gave_is_noticed_and_mended(made: Wanted, drift: str) -> None:
    quoted = drift.replace("{0}_", f'"{made.database}_').replace("_read", '_read"')
    quoted = quoted.replace("_write", '_write"').format(made.database)
    run(made, "owner", quoted)
    assert not database.postgres_is_so(made)

    database.bootstrap_postgres(made)

    assert database.postgres_is_so(made)


def test_asking_changes_nothing(made: Wanted) -> None:
    run(made, "owner", f'REVOKE USAGE ON SCHEMA public FROM "{made.database}_read";')

    assert not database.postgres_is_so(made)
    assert not database.postgres_is_so(made)


def test_a_rotated_password_is_taken_over(specify: Specify) -> None:
    database.bootstrap_postgres(load(specify("rotated")))
    rotated = load(specify("rotated", password="another"))
    assert not database.postgres_is_so(rotated)

    database.bootstrap_postgres(rotated)

    assert database.postgres_is_so(rotated)


def test_no_password_reaches_the_server_in_plain_text_or_an_error(
    made: Wanted, tmp_path_factory: pytest.TempPathFactory
) -> None:
    logs = [path.read_text() for path in tmp_path_factory.getbasetemp().glob("postgres*/log")]

    assert any("CREATE ROLE" in log for log in logs)
    assert not any("ss:w" in log or "PASSWORD 'p" in log for log in logs)
    with pytest.raises(RefusedError) as refused:
        psql(made, made.administrator, "postgres", "ALTER ROLE nobody PASSWORD 'plain-secret';")
    assert "plain-secret" not in str(refused.value)


def test_a_migration_runs_once_a_version_and_is_remembered_by_the_database(
    made: Wanted, tmp_path: Path
) -> None:
    command = ["sh", "-c", f"echo run >>{tmp_path}/runs"]

    database.migrate(made, "1.4.2", command)
    database.migrate(made, "1.4.2", command)
    database.migrate(made, "1.4.3", command)

    assert (tmp_path / "runs").read_text() == "run\nrun\n"
    assert run(made, "owner", "SELECT version FROM groundwork.migrations ORDER BY 1;").split() == [
        "1.4.2",
        "1.4.3",
    ]


def test_a_failed_migration_is_not_remembered(made: Wanted) -> None:
    with pytest.raises(RefusedError, match="ended with status 3"):
        database.migrate(made, "1.4.2", ["sh", "-c", "exit 3"])

    database.migrate(made, "1.4.2", ["true"])


def test_two_at_the_same_time_migrate_once(made: Wanted, tmp_path: Path) -> None:
    command = ["sh", "-c", f"sleep 0.5; echo run >>{tmp_path}/runs"]
    both = [
        threading.Thread(target=database.migrate, args=(made, "1.4.2", command)) for _ in range(2)
    ]

    for each in both:
        each.start()
    for each in both:
        each.join()

    assert (tmp_path / "runs").read_text() == "run\n"
