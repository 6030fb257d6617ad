"""RDS and ElastiCache are servers: what the API says of them can be measured on them."""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import databases
from tests.e2e.databases import Engine, available, instance, set_parameters
from tests.e2e.emulated import Emulated, emulated, eventually

PASSWORD = "s3cret'%/pass word"
TOKEN = "a-token-of-sixteen-and-more"
TRUSTED = "/etc/ssl/certs/ca-certificates.crt"
POSTGRES = Engine(
    name="postgres",
    version="15",
    family="postgres15",
    password=PASSWORD,
    packages="postgresql-client redis-tools",
)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    with emulated(tmp_path_factory.mktemp("stores")) as made:
        stores = made.group(
            "stores", port_5432=made.operations_group, port_6379=made.operations_group
        )
        databases.create(
            made, stores, POSTGRES, max_connections="77", log_min_duration_statement="250"
        )
        create_cache(made, stores)
        databases.ready(made, POSTGRES)
        eventually(lambda: all(s["state"] == "available" for s in made.status("services")))
        yield made


def create_cache(cloud: Emulated, group: str) -> None:
    elasticache = cloud.client("elasticache")
    elasticache.create_cache_subnet_group(
        CacheSubnetGroupName="stores", CacheSubnetGroupDescription="s", SubnetIds=cloud.subnets
    )
    elasticache.create_cache_parameter_group(
        CacheParameterGroupName="cache", CacheParameterGroupFamily="redis7", Description="cache"
    )
    elasticache.modify_cache_parameter_group(
        CacheParameterGroupName="cache",
        ParameterNameValues=[
            {"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}
        ],
    )
    elasticache.create_replication_group(
        ReplicationGroupId="cache",
        ReplicationGroupDescription="cache",
        Engine="redis",
        EngineVersion="7.1",
        CacheNodeType="cache.t4g.small",
        NumCacheClusters=2,
        AutomaticFailoverEnabled=True,
        TransitEncryptionEnabled=True,
        AuthToken=TOKEN,
        CacheSubnetGroupName="stores",
        CacheParameterGroupName="cache",
        SecurityGroupIds=[group],
    )


class Client:
    """psql on the operations machine."""

    def __init__(self, cloud: Emulated, identifier: str, password: str = PASSWORD) -> None:
        self._cloud = cloud
        self._host = instance(cloud, identifier)["Endpoint"]["Address"]
        self._password = password

    def asks(self, statement: str, sslmode: str = "verify-full") -> tuple[int, str]:
        quoted = self._password.replace("'", "'\\''")
        settings = f"host={self._host} user=administrator dbname=app sslmode={sslmode}"
        done = self._cloud.ssh(
            f"PGPASSWORD='{quoted}' PGSSLROOTCERT={TRUSTED} PGCONNECT_TIMEOUT=60 "
            f'psql -XAt "{settings}" -c "{statement}"',
        )
        return done.returncode, (done.stdout + done.stderr).strip()

    def says(self, statement: str) -> str:
        code, answer = self.asks(statement)
        assert code == 0, answer
        return answer


def redis(cloud: Emulated, command: str, endpoint: str = "primary", token: str = TOKEN) -> str:
    shard = cloud.client("elasticache").describe_replication_groups(ReplicationGroupId="cache")[
        "ReplicationGroups"
    ][0]["NodeGroups"][0]
    primary = shard["PrimaryEndpoint"]["Address"]
    host = primary if endpoint == "primary" else primary.replace("master.", "replica.", 1)
    done = cloud.ssh(
        f"REDISCLI_AUTH={token} redis-cli -h {host} --tls --cacert {TRUSTED} "
        f"--no-auth-warning {command}",
    )
    return (done.stdout + done.stderr).strip()


def primary_node(cloud: Emulated) -> str:
    group = cloud.client("elasticache").describe_replication_groups(ReplicationGroupId="cache")
    members = group["ReplicationGroups"][0]["NodeGroups"][0]["NodeGroupMembers"]
    [leader] = [m["CacheClusterId"] for m in members if m["CurrentRole"] == "primary"]
    return leader


def test_the_database_has_the_parameters_of_its_group_and_no_superuser(cloud: Emulated) -> None:
    main = Client(cloud, "main")
    assert main.says("show max_connections") == "77"
    assert main.says("show log_min_duration_statement") == "250ms"
    assert main.says("select usesuper from pg_user where usename = current_user") == "f"


def test_the_administrator_may_do_what_rds_allows(cloud: Emulated) -> None:
    main = Client(cloud, "main")
    main.says("create role app login; create role reader in role app")
    main.says("create extension pg_stat_statements")
    main.says("create database another")
    assert "permission denied" in main.asks("create role boss superuser")[1]


def test_what_is_served_is_said_as_it_is(cloud: Emulated) -> None:
    said = {one["name"]: one["served"] for one in cloud.status("services")}
    assert said["main"] == "PostgreSQL 17 (PostgreSQL 15 asked for)"
    assert said["cache-001"] == "Redis 8 (7.1 asked for)"


def test_nobody_comes_in_without_tls_or_with_a_wrong_password(cloud: Emulated) -> None:
    assert "no encryption" in Client(cloud, "main").asks("select 1", sslmode="disable")[1]
    wrong = Client(cloud, "main", "wrong").asks("select 1")[1]
    assert "password authentication failed" in wrong


def test_a_replica_streams_and_takes_no_writes(cloud: Emulated) -> None:
    main, reader = Client(cloud, "main"), Client(cloud, "reader")
    main.says("create table streamed as select generate_series(1, 1000) as n")
    eventually(lambda: reader.asks("select count(*) from streamed") == (0, "1000"))
    assert "read-only" in reader.asks("insert into streamed values (1)")[1]


def test_cloudwatch_knows_how_far_the_replica_is_behind(cloud: Emulated) -> None:
    eventually(lambda: databases.lags(cloud, "reader"))
    assert databases.lags(cloud, "main") == []


def test_a_static_parameter_waits_for_the_reboot(cloud: Emulated) -> None:
    main, reader = Client(cloud, "main"), Client(cloud, "reader")
    set_parameters(cloud, max_connections="88", log_min_duration_statement="500")
    eventually(lambda: main.asks("show log_min_duration_statement") == (0, "500ms"))
    assert main.says("show max_connections") == "77"
    # A replica that allows fewer connections than its source stops reading from it.
    cloud.client("rds").reboot_db_instance(DBInstanceIdentifier="reader")
    eventually(lambda: reader.asks("show max_connections") == (0, "88"))
    cloud.client("rds").reboot_db_instance(DBInstanceIdentifier="main")
    eventually(lambda: main.asks("show max_connections") == (0, "88"))
    available(cloud, "main")


def test_a_killed_database_comes_back_with_every_acknowledged_write(cloud: Emulated) -> None:
    main = Client(cloud, "main")
    main.says("create table kept as select 1 as n")
    cloud.container("db-main-*").pull_the_plug()
    eventually(lambda: main.asks("select n from kept") == (0, "1"))


def test_a_snapshot_becomes_another_instance(cloud: Emulated) -> None:
    Client(cloud, "main").says("create table archived as select 42 as n")
    rds = cloud.client("rds")
    rds.create_db_snapshot(DBInstanceIdentifier="main", DBSnapshotIdentifier="before")
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="restored",
        DBSnapshotIdentifier="before",
        DBSubnetGroupName="stores",
        DBParameterGroupName="main",
        VpcSecurityGroupIds=[instance(cloud, "main")["VpcSecurityGroups"][0]["VpcSecurityGroupId"]],
    )
    eventually(lambda: Client(cloud, "restored").asks("select n from archived") == (0, "42"))
    rds.delete_db_instance(DBInstanceIdentifier="restored", SkipFinalSnapshot=True)


def test_the_primary_killed_and_the_replica_promoted_nothing_acknowledged_is_lost(
    cloud: Emulated,
) -> None:
    main, reader = Client(cloud, "main"), Client(cloud, "reader")
    main.says("create table acknowledged as select generate_series(1, 100) as n")
    caught_up = "select pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) from pg_stat_replication"
    eventually(lambda: main.asks(caught_up) == (0, "0"))
    cloud.container("db-main-*").pull_the_plug()
    cloud.client("rds").promote_read_replica(DBInstanceIdentifier="reader")
    eventually(lambda: reader.asks("insert into acknowledged values (101)")[0] == 0)
    assert reader.says("select count(*) from acknowledged") == "101"
    assert "ReadReplicaSourceDBInstanceIdentifier" not in instance(cloud, "reader")


def test_a_changed_password_replaces_the_old_one(cloud: Emulated) -> None:
    cloud.client("rds").modify_db_instance(
        DBInstanceIdentifier="main", MasterUserPassword="another-password", ApplyImmediately=True
    )
    eventually(lambda: Client(cloud, "main", "another-password").asks("select 1")[0] == 0)
    assert Client(cloud, "main").asks("select 1")[0] != 0


def test_the_cache_asks_for_the_token_and_has_the_parameters_of_its_group(cloud: Emulated) -> None:
    assert redis(cloud, "set greeting hello") == "OK"
    assert "WRONGPASS" in redis(cloud, "get greeting", token="wrong")
    assert "maxmemory_policy:allkeys-lru" in redis(cloud, "info memory")
    assert "NOPERM" in redis(cloud, "config get maxmemory")


def test_a_cache_replica_follows(cloud: Emulated) -> None:
    eventually(lambda: redis(cloud, "set followed yes") == "OK")
    eventually(lambda: redis(cloud, "get followed", "reader") == "yes")
    assert "role:slave" in redis(cloud, "info replication", "reader")


@pytest.mark.parametrize("by", ["the api", "a kill"])
def test_the_lost_primary_is_replaced_and_nothing_that_was_replicated_is_gone(
    cloud: Emulated, by: str
) -> None:
    eventually(lambda: redis(cloud, f"set survives '{by}'") == "OK")
    eventually(lambda: redis(cloud, "get survives", "reader") == by)
    before = primary_node(cloud)
    if by == "the api":
        cloud.client("elasticache").test_failover(ReplicationGroupId="cache", NodeGroupId="0001")
    else:
        cloud.container(f"cache-cache-*.{before[-3:]}").pull_the_plug()
    eventually(lambda: primary_node(cloud) != before)
    eventually(lambda: redis(cloud, "set writes again") == "OK")
    assert redis(cloud, "get survives") == by
    eventually(lambda: "master_link_status:up" in redis(cloud, "info replication", "reader"))


def test_a_new_token_replaces_the_old_one(cloud: Emulated) -> None:
    cloud.client("elasticache").modify_replication_group(
        ReplicationGroupId="cache",
        AuthToken="another-token-of-sixteen",
        AuthTokenUpdateStrategy="SET",
        ApplyImmediately=True,
    )
    eventually(lambda: redis(cloud, "ping", token="another-token-of-sixteen") == "PONG")
    assert "WRONGPASS" in redis(cloud, "ping")


def test_no_secret_is_in_a_process_list_a_log_or_the_status(cloud: Emulated) -> None:
    secrets = (PASSWORD, TOKEN, "another-password", "another-token-of-sixteen")
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and process.name != str(os.getpid()):
            for name in ("cmdline", "environ"):
                # It may end while it is looked at.
                with contextlib.suppress(OSError):
                    text = (process / name).read_text(errors="replace").replace("\0", " ")
                    assert not [s for s in secrets if s in text], process
    for path in cloud.state.glob("*/*/console"):
        assert not [s for s in secrets if s in path.read_text(errors="replace")], path
    assert not [s for s in secrets if s in json.dumps(cloud.status("services"))]


def test_stores_outlive_a_killed_control_plane_and_are_found_again(cloud: Emulated) -> None:
    before = cloud.keepers()
    cloud.stop(signal.SIGKILL)
    cloud.start()
    eventually(lambda: all(one["state"] == "available" for one in cloud.status("services")))
    assert Client(cloud, "main", "another-password").says("select n from kept") == "1"
    assert cloud.keepers() == before


def test_deleted_a_database_leaves_its_final_snapshot_alone(cloud: Emulated) -> None:
    cloud.client("rds").delete_db_instance(
        DBInstanceIdentifier="main", FinalDBSnapshotIdentifier="final"
    )
    eventually(lambda: not list(cloud.state.glob("services/db-main-*")))
    [final] = cloud.state.glob("services/snapshots/snapshot-final-*")
    assert (final / "PG_VERSION").read_text().strip() == "17"
