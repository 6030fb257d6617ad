"""What the operations instance does with databases, on a booted Debian with PostgreSQL and MySQL
beside it: users made, migrated by a release's SQL files, taken back, seeded."""

from collections.abc import Iterator
from typing import Any

import pytest

from hosts.roles.baseline import Baseline, baseline
from hosts.roles.database_bootstrap import DatabaseBootstrap, DatabaseRole, database_bootstrap
from hosts.roles.database_migration import DatabaseMigration, SqlFiles, database_migration
from hosts.roles.operations import Operations, operations
from hosts.roles.service import SecretSource, Service
from hosts.script import COMMAND, render
from hosts.steps import Role
from tests.e2e.emulated import PATIENCE, Emulated, emulated
from tests.e2e.migration_files import publish
from tests.e2e.operated import RELEASE, release, secret, stand

ENGINES = {"shop": "postgres", "photo": "mysql"}  # application → engine
PASSWORD = "s3cret'%-\\pass word"
UP = {"001_users": "CREATE TABLE users (id int);", "002_orders": "CREATE TABLE orders (id int);"}
DOWN = {"001_users": "DROP TABLE users;", "002_orders": "DROP TABLE orders;"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    with emulated(tmp_path_factory.mktemp("migrations")) as made:
        stand(made, ENGINES, PASSWORD, ("artifacts",))
        done = made.ssh(COMMAND, timeout=PATIENCE, stdin=render(list(roles(made))))
        assert done.returncode == 0, done.stdout + done.stderr
        yield made


def roles(cloud: Emulated) -> Iterator[Role]:
    yield baseline(Baseline(time_zone="Etc/UTC"))
    yield operations(Operations(engines=frozenset(ENGINES.values())))
    for application, engine in ENGINES.items():
        owner = secret(cloud, application, "owner", "the-owner's-password")
        app = secret(cloud, application, "app", "app-password")
        bootstrap = DatabaseBootstrap(
            key=f"{application}-main",
            engine="postgres" if engine == "postgres" else "mysql",
            database=application,
            administrator_secret_arn=secret(cloud, application, "administrator", PASSWORD),
            owner="owner",
            owner_secret_arn=owner,
            roles=(DatabaseRole(name="app", secret_arn=app, rights="write"),),
            character_set="UTF8" if engine == "postgres" else "utf8mb4",
        )
        yield database_bootstrap(bootstrap)
        yield database_migration(
            DatabaseMigration(
                service=Service(
                    application=application,
                    name="api",
                    environment={"GREETING": "hello"},
                    secrets={"PASSWORD": SecretSource(arn=owner, field="password")},
                ),
                bootstrap=bootstrap,
                sql=SqlFiles(directory="migrations", down_directory="migrations"),
                seed='echo "$GREETING ${#PASSWORD}"; id --user --name',
            )
        )
        yield release(application)


def says(cloud: Emulated, command: str) -> str:
    """As `Emulated.says`, and where it fails with all that it said."""
    done = cloud.ssh(command, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def files(up: dict[str, str], down: dict[str, str]) -> dict[str, str]:
    return {
        **{f"{name}.sql": content for name, content in up.items()},
        **{f"{name}.down.sql": content for name, content in down.items()},
    }


@pytest.mark.parametrize("application", ENGINES)
def test_a_release_migrates_goes_back_and_seeds_on_a_real_machine(
    cloud: Emulated, application: str
) -> None:
    publish(cloud, application, "1.0.0", files({"001_users": UP["001_users"]}, DOWN))
    broken = {**UP, "002_orders": "INSERT INTO users VALUES (1);\nSELEC nonsense;"}
    publish(cloud, application, "1.1.0", files(broken, DOWN))
    publish(cloud, application, "1.2.0", files(UP, DOWN))
    unit = f"{application}-migrate@1.1.0.service"

    says(cloud, f"{RELEASE} migrate {application} 1.0.0")
    failed = cloud.ssh(f"{RELEASE} migrate {application} 1.1.0", timeout=PATIENCE)
    assert failed.returncode == 1
    assert "no host has changed" in failed.stderr
    # The journal may be a moment behind.
    why = says(cloud, f"sudo journalctl --sync && sudo journalctl --output=cat --unit {unit}")
    assert "002_orders.sql, line 2:" in why
    says(cloud, f"{RELEASE} migrate {application} 1.2.0")

    back = f"{RELEASE} down {application} 1.2.0 --target 001 --kept 1.0.0"
    assert says(cloud, f"{back} --plan") == "002_orders.down.sql"
    assert says(cloud, back).splitlines()[-2:] == [
        f"{application}: 002_orders.down.sql",
        f"{application} taken back to 001",
    ]
    assert says(cloud, f"{back} --plan") == f"{application} is at 001 already"

    # As confined as a service, with its variables, its secrets and a user of its own.
    seeded = says(cloud, f"{RELEASE} seed {application} 1.0.0").splitlines()
    assert seeded[-3:] == ["hello 20", f"{application}-migrate", f"{application} seeded"]
    again = says(cloud, f"{RELEASE} seed {application} 1.0.0")
    assert again.endswith(f"{application} has already been seeded")


def test_what_was_configured_is_so_and_no_password_is_left_where_others_read(
    cloud: Emulated,
) -> None:
    done = cloud.ssh(COMMAND, timeout=PATIENCE, stdin=render(list(configured(cloud))))

    assert (done.returncode, done.stdout) == (0, "")
    # Written so that sudo's own record of this search is not what it finds.
    password = "the-owner.s-passwor[d]"
    found = says(
        cloud,
        f"sudo grep --recursive --files-with-matches {password} "
        "/etc /srv /var/log /var/lib/groundwork /usr/local/lib /dev/shm 2>/dev/null || true",
    )
    assert found == ""
    counted = cloud.ssh(f"sudo journalctl --output=cat | grep --count {password}")
    assert counted.stdout == "0\n"


def configured(cloud: Emulated) -> Iterator[Role]:
    """The same roles, for secrets that are there already."""
    manager = cloud.client("secretsmanager")

    class There:
        def create_secret(self, *, Name: str, SecretString: str) -> dict[str, str]:  # noqa: N803
            return {"ARN": manager.describe_secret(SecretId=Name)["ARN"]}

    class Known(Emulated):
        def client(self, service: str) -> Any:
            return There() if service == "secretsmanager" else super().client(service)

    yield from roles(Known(folder=cloud.folder, public=cloud.public, port=cloud.port))
