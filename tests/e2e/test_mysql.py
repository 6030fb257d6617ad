"""MySQL on RDS is a MariaDB that answers as it: parameters, TLS, a replica and its promotion."""

from collections.abc import Iterator

import pytest

from tests.e2e import databases
from tests.e2e.databases import Engine, instance
from tests.e2e.emulated import Emulated, emulated, eventually

PASSWORD = "s3cret-%-word"
TRUSTED = "/etc/ssl/certs/ca-certificates.crt"
MYSQL = Engine(
    name="mysql",
    version="8.4",
    family="mysql8.4",
    password=PASSWORD,
    packages="mariadb-client",
)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    with emulated(tmp_path_factory.mktemp("mysql")) as made:
        group = made.group("stores", port_3306=made.operations_group)
        databases.create(made, group, MYSQL, max_connections="77", require_secure_transport="ON")
        databases.ready(made, MYSQL)
        yield made


def ask(cloud: Emulated, identifier: str, statement: str, tls: bool = True) -> tuple[int, str]:
    host = instance(cloud, identifier)["Endpoint"]["Address"]
    secure = f"--ssl-ca={TRUSTED} --ssl-verify-server-cert" if tls else "--skip-ssl"
    done = cloud.ssh(
        f"MYSQL_PWD='{PASSWORD}' mariadb -h {host} -u administrator {secure} -N -B "
        f'-e "{statement}" app',
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def test_the_database_has_the_parameters_of_its_group(cloud: Emulated) -> None:
    assert ask(cloud, "main", "select @@max_connections") == (0, "77")


def test_nobody_comes_in_without_tls(cloud: Emulated) -> None:
    assert "insecure transport" in ask(cloud, "main", "select 1", tls=False)[1]


def test_the_administrator_makes_databases_and_users_but_is_no_superuser(cloud: Emulated) -> None:
    made = "create database more; create user app identified by 'x'; grant select on more.* to app"
    assert ask(cloud, "main", made) == (0, "")
    assert "SUPER" not in ask(cloud, "main", "show grants")[1]


def test_a_replica_follows_and_takes_no_writes(cloud: Emulated) -> None:
    made = "create table streamed (n int); insert into streamed values (42)"
    assert ask(cloud, "main", made)[0] == 0
    eventually(lambda: ask(cloud, "reader", "select n from streamed") == (0, "42"))
    assert "read-only" in ask(cloud, "reader", "insert into streamed values (1)")[1]


def test_cloudwatch_knows_how_far_the_replica_is_behind(cloud: Emulated) -> None:
    eventually(lambda: databases.lags(cloud, "reader"))
    assert databases.lags(cloud, "main") == []


def test_a_killed_database_comes_back_and_its_replica_goes_on(cloud: Emulated) -> None:
    cloud.container("db-main-*").pull_the_plug()
    eventually(lambda: ask(cloud, "main", "insert into streamed values (43)")[0] == 0)
    eventually(lambda: ask(cloud, "reader", "select max(n) from streamed") == (0, "43"))


def test_a_promoted_replica_takes_writes(cloud: Emulated) -> None:
    cloud.client("rds").promote_read_replica(DBInstanceIdentifier="reader")
    eventually(lambda: ask(cloud, "reader", "insert into streamed values (44)")[0] == 0)


def test_a_snapshot_becomes_another_instance(cloud: Emulated) -> None:
    rds = cloud.client("rds")
    rds.create_db_snapshot(DBInstanceIdentifier="main", DBSnapshotIdentifier="before")
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="restored",
        DBSnapshotIdentifier="before",
        DBSubnetGroupName="stores",
        DBParameterGroupName="main",
        VpcSecurityGroupIds=[instance(cloud, "main")["VpcSecurityGroups"][0]["VpcSecurityGroupId"]],
    )
    eventually(lambda: ask(cloud, "restored", "select max(n) from streamed") == (0, "43"))


def test_what_is_served_is_said_as_it_is(cloud: Emulated) -> None:
    said = {one["name"]: one["served"] for one in cloud.status("services")}
    assert said["main"] == "MariaDB 11.8 (MySQL 8.4 asked for)"
