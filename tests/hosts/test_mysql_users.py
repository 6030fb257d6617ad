"""Users of a real MariaDB: what each may do, and how two of them take turns."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hosts.programs import database, database_client
from hosts.programs.database_client import RefusedError, Wanted, mysql
from tests.hosts import servers
from tests.hosts.servers import Server, Specifications

pytestmark = [pytest.mark.e2e, servers.needs_mariadb]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with servers.mariadb() as running:
        yield running


@pytest.fixture
def specify(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Specifications:
    return Specifications(server, tmp_path, monkeypatch)


def load(specification: Path) -> Wanted:
    return database_client.load(specification, owner_alone=False)


def test_a_database_with_its_users_is_made_and_then_so(specify: Specifications) -> None:
    wanted = load(specify("shop_1"))
    assert not database.mysql_is_so(wanted)

    database.bootstrap_mysql(wanted)

    assert database.mysql_is_so(wanted)


def test_no_error_quotes_a_statement(specify: Specifications) -> None:
    wanted = load(specify("quiet"))

    with pytest.raises(RefusedError) as refused:
        mysql(wanted, wanted.administrator, "CREATE USER IDENTIFIED BY 'plain-secret';")

    assert "plain-secret" not in str(refused.value)
    assert "ERROR 1064 (42000)" in str(refused.value)


def test_the_other_user_comes_beside_the_first_who_is_shut_out_in_the_end(
    specify: Specifications,
) -> None:
    before = load(specify("turns"))
    database.bootstrap_mysql(before)
    first = next(role for role in before.roles if role.rights == "write")

    users = ("turns_write", "turns_write_b")
    announced = load(specify("turns", roles=specify.announced(*users, "second")))
    assert not database.mysql_is_so(announced)
    database.bootstrap_mysql(announced)
    assert database.mysql_is_so(announced)
    for user in announced.roles:
        assert mysql(announced, user.login, "SELECT 1;", "turns") == "1\n"

    def told(closed: list[str]) -> Wanted:
        other = {
            "name": "turns_write_b",
            "arn": specify.secret("write-2", "turns_write_b", "second"),
            "rights": "write",
            "settings": {},
        }
        return load(specify("turns", roles=[other], closed=closed))

    assert database.mysql_is_so(told([]))
    assert mysql(before, first.login, "SELECT 1;", "turns") == "1\n"

    alone = told(["turns_write", "nobody"])
    assert not database.mysql_is_so(alone)
    database.bootstrap_mysql(alone)
    assert database.mysql_is_so(alone)
    with pytest.raises(RefusedError, match=r"4151|3118"):
        mysql(before, first.login, "SELECT 1;", "turns")

    database.bootstrap_mysql(load(specify("turns", closed=["turns_write_b"])))
    assert mysql(before, first.login, "SELECT 1;", "turns") == "1\n"
