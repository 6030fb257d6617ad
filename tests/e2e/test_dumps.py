"""Dumps on a booted operations instance: its timer, its role, the real AWS CLI, both engines."""

import datetime
import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from hosts.programs import DIRECTORY, source
from hosts.roles.baseline import Baseline, baseline
from hosts.roles.database_bootstrap import DatabaseBootstrap, DatabaseRole, database_bootstrap
from hosts.roles.database_migration import DatabaseMigration, SqlFiles, database_migration
from hosts.roles.dumps import DumpedDatabase, dumps
from hosts.roles.operations import Operations, operations
from hosts.roles.release import Releases, releases
from hosts.roles.service import Service
from hosts.script import COMMAND, render
from hosts.steps import File, Role
from tests.e2e.emulated import REGION, Emulated, emulated, eventually
from tests.e2e.migration_files import publish

pytestmark = pytest.mark.long
PASSWORD = "s3cret-%-word"
NAME = "3dgenerator_prod"
APPLICATIONS = {"postgres": "shop", "mysql": "photo"}
STORES = {"postgres": "shop-main", "mysql": "photo-main"}
# Both have one name, as two applications' databases may: what differs is where their dumps lie.
PREFIXES = {"postgres": "shop", "mysql": "photo"}
PROGRAM = "/usr/local/lib/groundwork/dump"
RELEASE = "sudo /usr/local/lib/groundwork/release"


def bootstrap(cloud: Emulated, engine: str) -> DatabaseBootstrap:
    """As the program tells the operations instance, with the secrets that it makes."""
    secrets = cloud.client("secretsmanager")
    place = instance(cloud, engine)["Endpoint"]

    def secret(user: str, password: str) -> str:
        content = {"username": user, "password": password, "host": place["Address"]}
        return secrets.create_secret(
            Name=f"{engine}-{user}", SecretString=json.dumps({**content, "port": place["Port"]})
        )["ARN"]

    return DatabaseBootstrap(
        key=STORES[engine],
        engine="postgres" if engine == "postgres" else "mysql",
        database=NAME,
        administrator_secret_arn=secret("administrator", PASSWORD),
        owner="shop_owner",
        owner_secret_arn=secret("shop_owner", "owner's-word"),
        roles=(
            DatabaseRole(name="shop", secret_arn=secret("shop", "its-word"), rights="write"),
            DatabaseRole(
                name="shop_backup", secret_arn=secret("shop_backup", "b-word"), rights="backup"
            ),
        ),
        certificates="/etc/ssl/certs/ca-certificates.crt",
        character_set="UTF8" if engine == "postgres" else "utf8mb4",
    )


def dumped(engine: str, specification: str, key_arn: str) -> DumpedDatabase:
    return DumpedDatabase(
        key=STORES[engine],
        specification=specification,
        stack="prod",
        bucket="backups",
        region=REGION,
        encryption_key_arn=key_arn,
        prefix=PREFIXES[engine],
        validate_with="SELECT count(*) FROM users",
        at="*-*-* 02:00:00 Europe/Berlin",
        drill_at="*-*-01 04:00:00",
    )


def released(application: str, bootstrap: DatabaseBootstrap) -> list[Role]:
    migration = DatabaseMigration(
        service=Service(application=application, name="api", environment={}, secrets={}),
        bootstrap=bootstrap,
        sql=SqlFiles(directory="migrations", down_directory="migrations"),
    )
    release = Releases(
        application=application,
        bucket="artifacts",
        artifacts={"api": "tar.gz"},
        services=(),
        drain_seconds=0,
        settle_seconds=0,
        dump_first=bootstrap.key,
    )
    return [database_migration(migration), releases(release)]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    with emulated(tmp_path_factory.mktemp("dumps")) as made:
        iam = made.client("iam")
        iam.create_role(RoleName="operations", AssumeRolePolicyDocument="{}")
        iam.create_instance_profile(InstanceProfileName="operations")
        iam.add_role_to_instance_profile(InstanceProfileName="operations", RoleName="operations")
        group = made.group("operations", port_22=made.public)
        made.operations = made.instance(
            "operations", group, public=True, IamInstanceProfile={"Name": "operations"}
        )
        stores = made.group("stores", port_5432=group, port_3306=group)
        rds = made.client("rds")
        rds.create_db_subnet_group(
            DBSubnetGroupName="stores", DBSubnetGroupDescription="s", SubnetIds=made.subnets
        )
        for engine, version in (("postgres", "17"), ("mysql", "8.4")):
            rds.create_db_instance(
                DBInstanceIdentifier=engine,
                Engine=engine,
                EngineVersion=version,
                DBInstanceClass="db.t4g.medium",
                MasterUsername="administrator",
                MasterUserPassword=PASSWORD,
                AllocatedStorage=20,
                DBSubnetGroupName="stores",
                VpcSecurityGroupIds=[stores],
            )
        for bucket in ("backups", "artifacts"):
            made.client("s3").create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        key_arn = made.client("kms").create_key()["KeyMetadata"]["Arn"]
        made.reachable()
        # What the first boot leaves there.
        cloud_program = File(f"{DIRECTORY}/cloud", source("cloud.py"), mode="0755")
        wanted = [
            Role(name="first boot", configure=(cloud_program,)),
            baseline(Baseline(time_zone="Etc/UTC")),
            operations(Operations(engines=frozenset({"postgres", "mysql"}))),
        ]
        for engine in STORES:
            eventually(lambda name=engine: instance(made, name)["DBInstanceStatus"] == "available")
            bootstrapped = bootstrap(made, engine)
            told = dumped(engine, bootstrapped.specification, key_arn)
            wanted += [database_bootstrap(bootstrapped), dumps(told)]
            wanted += released(APPLICATIONS[engine], bootstrapped)
            (made.folder / f"{engine}-soon").write_text(
                render([dumps(replace(told, at="*-*-* *:*:00/10"))])
            )
        (made.folder / "configuration").write_text(render(wanted))
        configure(made, "configuration")
        for engine in STORES:
            owner(
                made,
                engine,
                "CREATE TABLE users (id int PRIMARY KEY, name varchar(99)); "
                "INSERT INTO users VALUES (1, 'Ä'), (2, NULL);",
            )
        yield made


def instance(cloud: Emulated, identifier: str) -> dict[str, Any]:
    found = cloud.client("rds").describe_db_instances(DBInstanceIdentifier=identifier)
    return found["DBInstances"][0]


def configure(cloud: Emulated, name: str) -> str:
    """What a configuration that was written in the folder says it changed."""
    done = cloud.ssh(COMMAND, timeout=500, stdin=(cloud.folder / name).read_text())
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def owner(cloud: Emulated, engine: str, statement: str) -> str:
    """A statement of the owner's, by the program's own client."""
    return cloud.says(
        'sudo python3 -c \'import sys; sys.path.insert(0, "/usr/local/lib/groundwork"); '
        "from pathlib import Path; from hosts.programs.database_client import load, answer; "
        f'print(answer(load(Path("/etc/groundwork/databases/{STORES[engine]}.json"), '
        "owner_alone=True), sys.stdin.read()))' <<'END'\n" + statement + "\nEND"
    )


def run(cloud: Emulated, action: str, engine: str) -> str:
    done = cloud.ssh(
        f"sudo -n -u groundwork-dumps {PROGRAM} {action} {STORES[engine]}", timeout=180
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


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


def take(cloud: Emulated, engine: str) -> None:
    done = cloud.ssh(f"sudo systemctl start groundwork-dump@{STORES[engine]}.service", timeout=180)
    assert done.returncode == 0, done.stderr


def arrived(cloud: Emulated, engine: str) -> list[str]:
    """What lies in the bucket of a database's dumps, the oldest first."""
    beginning = f"{PREFIXES[engine]}/{NAME}_"
    found = cloud.client("s3").list_objects_v2(Bucket="backups", Prefix=beginning)
    return sorted(one["Key"] for one in found.get("Contents", []))


def newest(cloud: Emulated, engine: str) -> dict[str, Any]:
    """The manifest of the newest dump."""
    key = [key for key in arrived(cloud, engine) if key.endswith(".json")][-1]
    return json.loads(cloud.client("s3").get_object(Bucket="backups", Key=key)["Body"].read())


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
