"""A booted operations instance that makes, migrates, dumps and restores a database of each kind."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from hosts.programs import DIRECTORY, source
from hosts.roles.baseline import Baseline, baseline
from hosts.roles.database_bootstrap import DatabaseBootstrap, DatabaseRole, database_bootstrap
from hosts.roles.database_migration import DatabaseMigration, SqlFiles, database_migration
from hosts.roles.dumps import PROGRAM, DumpedDatabase, dumps
from hosts.roles.operations import Operations, operations
from hosts.roles.service import Service
from hosts.script import COMMAND, render
from hosts.steps import File, Role
from tests.e2e.emulated import REGION, Emulated, emulated
from tests.e2e.operated import release, secret, stand

PASSWORD = "s3cret-%-word"
NAME = "3dgenerator_prod"
APPLICATIONS = {"postgres": "shop", "mysql": "photo"}
STORES = {"postgres": "shop-main", "mysql": "photo-main"}
# Both have one name, as two applications' databases may: what differs is where their dumps lie.
PREFIXES = {"postgres": "shop", "mysql": "photo"}


# What the first boot leaves there.
FIRST_BOOT = Role(
    name="first boot",
    configure=(File(f"{DIRECTORY}/cloud", source("cloud.py"), mode="0755"),),
)


def bootstrap(cloud: Emulated, engine: str) -> DatabaseBootstrap:
    """As the program tells the operations instance, with the secrets that it makes."""
    return DatabaseBootstrap(
        key=STORES[engine],
        engine="postgres" if engine == "postgres" else "mysql",
        database=NAME,
        administrator_secret_arn=secret(cloud, engine, "administrator", PASSWORD),
        owner="shop_owner",
        owner_secret_arn=secret(cloud, engine, "shop_owner", "owner's-word"),
        roles=(
            DatabaseRole(
                name="shop", secret_arn=secret(cloud, engine, "shop", "its-word"), rights="write"
            ),
            DatabaseRole(
                name="shop_backup",
                secret_arn=secret(cloud, engine, "shop_backup", "b-word"),
                rights="backup",
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
    return [database_migration(migration), release(application, dump_first=bootstrap.key)]


@contextmanager
def with_dumps(folder: Path) -> Iterator[Emulated]:
    """Both databases hold a table of two rows; configured, and nothing dumped yet."""
    with emulated(folder) as made:
        stand(made, {engine: engine for engine in STORES}, PASSWORD, ("backups", "artifacts"))
        key_arn = made.client("kms").create_key()["KeyMetadata"]["Arn"]
        wanted = [
            FIRST_BOOT,
            baseline(Baseline(time_zone="Etc/UTC")),
            operations(Operations(engines=frozenset({"postgres", "mysql"}))),
        ]
        for engine in STORES:
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
