"""Dumps on a booted operations instance: its timer, its role, the real AWS CLI, both engines."""

import datetime
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.dumped import (
    APPLICATIONS,
    NAME,
    STORES,
    arrived,
    configure,
    newest,
    owner,
    run,
    take,
    with_dumps,
)
from tests.e2e.emulated import Emulated, eventually
from tests.e2e.migration_files import publish
from tests.e2e.operated import RELEASE

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    with with_dumps(tmp_path_factory.mktemp("dumps")) as made:
        yield made


def state(cloud: Emulated) -> str:
    return cloud.ssh("systemctl is-active groundwork-dump@shop-main.service").stdout.strip()


def measured(cloud: Emulated, key: str) -> dict[str, float]:
    """The sum of each metric of a database's dumps."""
    cloudwatch = cloud.client("cloudwatch")
    now = datetime.datetime.now(datetime.UTC)
    sums: dict[str, float] = {}
    for metric in cloudwatch.list_metrics(Namespace="groundwork")["Metrics"]:
        if {"Name": "Database", "Value": key} in metric["Dimensions"]:
            found = cloudwatch.get_metric_statistics(
                Namespace="groundwork",
                MetricName=metric["MetricName"],
                Dimensions=metric["Dimensions"],
                StartTime=now - datetime.timedelta(hours=1),
                EndTime=now + datetime.timedelta(minutes=1),
                Period=7200,
                Statistics=["Sum"],
            )
            sums[metric["MetricName"]] = sum(one["Sum"] for one in found["Datapoints"])
    return sums


@contextmanager
def no_bucket(cloud: Emulated, engine: str) -> Generator[None]:
    """For this database's dumps, which then fail."""
    file = f"/etc/groundwork/dumps/{STORES[engine]}.json"
    cloud.says(f"sudo sed --in-place s/backups/nowhere/ {file}")
    yield
    cloud.says(f"sudo sed --in-place s/nowhere/backups/ {file}")


def test_the_timer_brings_a_dump_into_the_bucket_under_the_stacks_key(cloud: Emulated) -> None:
    assert not arrived(cloud, "postgres")
    configure(cloud, "postgres-soon")
    eventually(lambda: "DumpSucceeded" in measured(cloud, "shop-main"))
    configure(cloud, "configuration")
    # One that has begun goes on to its end.
    eventually(lambda: state(cloud) == "inactive")

    made = newest(cloud, "postgres")
    assert made["reason"] == "schedule"
    dump = f"shop/{made['file']}"
    head = cloud.client("s3").head_object(Bucket="backups", Key=dump)
    assert head["ServerSideEncryption"] == "aws:kms"
    assert f"{dump}.sha256" in arrived(cloud, "postgres")


def test_the_alarms_are_told_how_old_the_newest_dump_is(cloud: Emulated) -> None:
    take(cloud, "postgres")

    assert cloud.ssh("systemctl is-active groundwork-age@shop-main.timer").returncode == 0
    cloud.says("sudo systemctl start groundwork-age@shop-main.service")

    said = cloud.says("sudo journalctl -u groundwork-age@shop-main.service -n 5 -o cat")
    stamp = newest(cloud, "postgres")["file"].removesuffix(".dump").removeprefix(f"{NAME}_")
    assert f"hours since {stamp}" in said
    assert measured(cloud, "shop-main")["HoursWithoutDump"] < 26


@pytest.mark.parametrize("engine", STORES)
def test_a_dump_survives_the_drill(cloud: Emulated, engine: str) -> None:
    take(cloud, engine)

    said = run(cloud, "drill", engine)

    assert "1 tables, 2 rows, as dumped" in said
    assert "drill passed" in said
    assert cloud.says("sudo ls -A /var/lib/groundwork-dumps | grep ^work || true") == ""


@pytest.mark.parametrize("engine", STORES)
def test_a_restore_takes_the_place_and_its_configuration_finds_nothing_to_do(
    cloud: Emulated, engine: str
) -> None:
    take(cloud, engine)
    owner(cloud, engine, "DELETE FROM users;")
    run(cloud, "prepare", engine)
    run(cloud, "swap", engine)

    assert owner(cloud, engine, "SELECT count(*) FROM users;") == "2"
    assert configure(cloud, "configuration") == ""
    run(cloud, "confirm", engine)


@pytest.mark.parametrize("engine", STORES)
def test_a_release_dumps_the_database_before_it_migrates(cloud: Emulated, engine: str) -> None:
    application = APPLICATIONS[engine]
    publish(cloud, application, "1.0.0", {"001_models.sql": "CREATE TABLE models (id int);"})

    done = cloud.ssh(f"{RELEASE} migrate {application} 1.0.0", timeout=500)

    assert done.returncode == 0, done.stderr
    assert f"{STORES[engine]} dumped before the migration to {application} 1.0.0" in done.stdout
    dump = newest(cloud, engine)
    assert dump["reason"] == f"before {application} 1.0.0"
    assert "users" in str(dump["tables"])
    assert "models" not in str(dump["tables"])
    assert owner(cloud, engine, "SELECT count(*) FROM models;") == "0"


def test_nothing_is_migrated_where_the_dump_before_it_fails(cloud: Emulated) -> None:
    publish(cloud, "photo", "2.0.0", {"002_orders.sql": "CREATE TABLE orders (id int);"})
    there = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'orders';"
    migrate = f"{RELEASE} migrate photo 2.0.0"

    with no_bucket(cloud, "mysql"):
        done = cloud.ssh(migrate, timeout=500)

    assert done.returncode == 1
    assert "nothing was migrated and no host has changed" in done.stderr
    assert "NoSuchBucket" in done.stderr
    assert owner(cloud, "mysql", there) == "0"
    again = cloud.ssh(migrate, timeout=500)
    assert again.returncode == 0, again.stderr
    assert owner(cloud, "mysql", there) == "1"


def test_a_dump_that_fails_leaves_a_unit_that_says_so(cloud: Emulated) -> None:
    unit = "groundwork-dump@shop-main.service"
    # Where one is under way, a start would wait for that one, and answer what it answers.
    assert state(cloud) == "inactive"
    assert measured(cloud, "shop-main")["DumpFailed"] == 0

    with no_bucket(cloud, "postgres"):
        done = cloud.ssh(f"sudo systemctl start {unit}", timeout=180)

    assert done.returncode != 0
    assert cloud.ssh(f"systemctl is-failed {unit}").returncode == 0
    said = cloud.says(f"sudo journalctl -u {unit} -n 30 -o cat")
    assert "NoSuchBucket" in said
    assert measured(cloud, "shop-main")["DumpFailed"] == 1
