"""Databases, roles and rights on a real PostgreSQL, by an administrator as RDS gives one: it may
create roles and databases, and is no superuser."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hosts.programs import database, database_client
from hosts.programs.database_client import RefusedError, Wanted, psql
from tests.hosts import servers
from tests.hosts.servers import Server, Specifications

pytestmark = [pytest.mark.e2e, servers.needs_postgres]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with servers.postgres() as running:
        yield running


@pytest.fixture
def specify(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Specifications:
    return Specifications(server, tmp_path, monkeypatch)


def load(specification: Path) -> Wanted:
    return database_client.load(specification, owner_alone=False)


def run(wanted: Wanted, rights: str, statement: str) -> str:
    role = next(role for role in wanted.everyone if role.rights == rights)
    return psql(wanted, role.login, wanted.database, statement).strip()


@pytest.fixture
def made(specify: Specifications, request: pytest.FixtureRequest) -> Wanted:
    """A database whose name begins with a digit, made anew for each test."""
    wanted = load(specify(f"3d_{abs(hash(request.node.name)) % 10**8}"))
    database.bootstrap_postgres(wanted)
    return wanted


def test_a_database_whose_name_begins_with_a_digit_is_made_and_then_so(
    specify: Specifications,
) -> None:
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
    made: Wanted, specify: Specifications, request: pytest.FixtureRequest
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


def test_a_rotated_password_is_taken_over(specify: Specifications) -> None:
    database.bootstrap_postgres(load(specify("rotated")))
    rotated = load(specify("rotated", password="another"))
    assert not database.postgres_is_so(rotated)

    database.bootstrap_postgres(rotated)

    assert database.postgres_is_so(rotated)


def test_no_password_reaches_the_server_in_plain_text_or_an_error(
    made: Wanted, server: Server
) -> None:
    log = server.log.read_text()

    assert "CREATE ROLE" in log
    assert "ss:w" not in log
    assert "PASSWORD 'p" not in log
    with pytest.raises(RefusedError) as refused:
        psql(made, made.administrator, "postgres", "ALTER ROLE nobody PASSWORD 'plain-secret';")
    assert "plain-secret" not in str(refused.value)


def test_the_other_user_comes_beside_the_first_who_is_shut_out_in_the_end(
    specify: Specifications,
) -> None:
    before = load(specify("turns"))
    database.bootstrap_postgres(before)
    first = next(role for role in before.roles if role.rights == "write")

    users = ("turns_write", "turns_write_b")
    announced = load(specify("turns", roles=specify.announced(*users, "second")))
    assert not database.postgres_is_so(announced)
    database.bootstrap_postgres(announced)
    assert database.postgres_is_so(announced)
    for user in announced.roles:
        assert database.can_log_in(announced, user)

    def told(closed: list[str]) -> Wanted:
        other = {
            "name": "turns_write_b",
            "arn": specify.secret("write-2", "turns_write_b", "second"),
            "rights": "write",
            "settings": {},
        }
        return load(specify("turns", roles=[other], closed=closed))

    both = told([])
    assert database.postgres_is_so(both)
    run(both, "owner", "CREATE TABLE later (id serial);")
    assert database.can_log_in(before, first)
    for user in (first, both.roles[0]):
        psql(both, user.login, "turns", "INSERT INTO later DEFAULT VALUES;")

    # What is open lives on; what is shut is shut for those who are in as well.
    alone = told(["turns_write"])
    with database_client.session(replace(before, owner=first)) as sitting:
        assert sitting.ask("SELECT 1;") == "1"
        assert not database.postgres_is_so(alone)
        database.bootstrap_postgres(alone)
        with pytest.raises(RefusedError, match="ended the session"):
            sitting.ask("SELECT 1;")
    assert database.postgres_is_so(alone)
    assert not database.can_log_in(before, first)

    # The next turn is the first one's again, with another password.
    database.bootstrap_postgres(load(specify("turns", password="third", closed=["turns_write_b"])))
    assert database.can_log_in(
        before, replace(first, login=replace(first.login, password="third-write"))
    )
    assert not database.can_log_in(before, first)
