"""Dumps on a booted operations instance: its timer, its role, the real AWS CLI, both engines."""

import datetime
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from hosts.programs import DIRECTORY, source
from hosts.roles.database_bootstrap import DatabaseBootstrap, DatabaseRole, database_bootstrap
from hosts.roles.dumps import DumpedDatabase, dumps
from hosts.roles.operations import Operations, operations
from hosts.script import COMMAND, render
from hosts.steps import File, Role
from tests.e2e.emulated import REGION, Emulated, emulated, eventually

pytestmark = pytest.mark.long
PASSWORD = "s3cret-%-word"
NAME = "3dgenerator_prod"
STORES = {"postgres": "shop-main", "mysql": "photo-main"}
# Both have one name, as two applications' databases may: what differs is where their dumps lie.
PREFIXES = {"postgres": "shop", "mysql": "photo"}
PROGRAM = "/usr/local/lib/groundwork/dump"


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
        made.client("s3").create_bucket(
            Bucket="backups", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        key_arn = made.client("kms").create_key()["KeyMetadata"]["Arn"]
        made.reachable()
        # What the first boot leaves there.
        cloud_program = File(f"{DIRECTORY}/cloud", source("cloud.py"), mode="0755")
        wanted = [
            Role(name="first boot", configure=(cloud_program,)),
            operations(Operations(engines=frozenset({"postgres", "mysql"}))),
        ]
        for engine in STORES:
            eventually(lambda name=engine: instance(made, name)["DBInstanceStatus"] == "available")
            bootstrapped = bootstrap(made, engine)
            told = dumped(engine, bootstrapped.specification, key_arn)
            wanted += [database_bootstrap(bootstrapped), dumps(told)]
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


def test_the_timer_brings_a_dump_into_the_bucket_under_the_stacks_key(cloud: Emulated) -> None:
    s3 = cloud.client("s3")

    def arrived() -> list[str]:
        found = s3.list_objects_v2(Bucket="backups", Prefix=f"shop/{NAME}_")
        return sorted(one["Key"] for one in found.get("Contents", []))

    assert not arrived()
    configure(cloud, "postgres-soon")
    eventually(lambda: "DumpSucceeded" in measured(cloud, "shop-main"))
    configure(cloud, "configuration")
    # One that has begun goes on to its end.
    eventually(lambda: state(cloud) == "inactive")

    dump = next(key for key in arrived() if key.endswith(".dump"))
    head = s3.head_object(Bucket="backups", Key=dump)
    assert head["ServerSideEncryption"] == "aws:kms"
    assert f"{dump}.sha256" in arrived()
    manifest = s3.get_object(Bucket="backups", Key=dump.replace(".dump", ".json"))["Body"].read()
    assert json.loads(manifest)["reason"] == "schedule"


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


def test_a_dump_that_fails_leaves_a_unit_that_says_so(cloud: Emulated) -> None:
    cloud.says("sudo sed -i s/backups/nowhere/ /etc/groundwork/dumps/shop-main.json")
    # Where one is under way, a start would wait for that and answer what it answers.
    assert state(cloud) == "inactive"
    assert measured(cloud, "shop-main")["DumpFailed"] == 0

    done = cloud.ssh("sudo systemctl start groundwork-dump@shop-main.service", timeout=180)

    assert done.returncode != 0
    assert cloud.ssh("systemctl is-failed groundwork-dump@shop-main.service").returncode == 0
    said = cloud.says("sudo journalctl -u groundwork-dump@shop-main.service -n 30 -o cat")
    assert "NoSuchBucket" in said
    assert measured(cloud, "shop-main")["DumpFailed"] == 1
