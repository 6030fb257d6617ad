"""Migrations, the way back and seeds on a real PostgreSQL and a real MariaDB."""

import subprocess
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hosts.programs import database, database_client, migrations, source
from hosts.programs.database_client import RefusedError, answer
from hosts.programs.migrations import Migration, Sql
from hosts.programs.task import Task
from hosts.roles.database_migration import MODULES
from tests.hosts import servers
from tests.hosts.servers import Server, Specifications

pytestmark = pytest.mark.e2e

TABLES = {
    "001_create_users_table": "users",
    "002_create_app_specs_table": "app_specs",
    "003_create_app_spec_versions_table": "app_spec_versions",
    "004_create_generated_code_table": "generated_code",
    "005_create_projects_table": "projects",
    "006_create_forks_table": "forks",
    "007_create_social_interactions_table": "social_interactions",
    "008_create_magic_prompts_table": "magic_prompts",
}
SQL = Sql("migrations", "migrations/rollback")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("postgres", marks=servers.needs_postgres),
        pytest.param("mysql", marks=servers.needs_mariadb),
    ],
)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with {"postgres": servers.postgres, "mysql": servers.mariadb}[request.param]() as running:
        yield running


@pytest.fixture
def migration(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Migration:
    """An empty database of its own for each test, and nothing that migrates it yet."""
    specify = Specifications(server, tmp_path, monkeypatch)
    name = f"m{abs(hash(request.node.name)) % 10**8}"
    wanted = database_client.load(specify(name), owner_alone=False)
    bootstrap = {"postgres": database.bootstrap_postgres, "mysql": database.bootstrap_mysql}
    bootstrap[server.engine](wanted)
    return Migration(wanted, None, None, None, None, False, ())


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """The folder of a release with eight files and the way back from each."""
    folder = tmp_path / "release"
    (folder / "migrations/rollback").mkdir(parents=True)
    for file, table in TABLES.items():
        (folder / f"migrations/{file}.sql").write_text(f"CREATE TABLE {table} (id int);\n")
        (folder / f"migrations/rollback/{file}.down.sql").write_text(f"DROP TABLE {table};\n")
    return folder


def done(migration: Migration) -> list[str]:
    return sorted(migrations.history(migration.wanted))


def tables(migration: Migration) -> set[str]:
    schema = "'public'" if migration.wanted.engine == "postgres" else "database()"
    listed = "SELECT table_name FROM information_schema.tables WHERE table_schema"
    return set(answer(migration.wanted, f"{listed} = {schema};").split()) & set(TABLES.values())


def versions(migration: Migration) -> list[str]:
    listed = f"SELECT version FROM {migration.record} ORDER BY 1;"  # noqa: S608 - ours
    return answer(migration.wanted, listed).split()


# -- a command of the release's own -----------------------------------------------------------


def test_a_command_runs_once_a_version_and_the_database_remembers_it(
    migration: Migration, tmp_path: Path
) -> None:
    counting = replace(migration, command=f"echo run >>{tmp_path}/runs")

    for version in ("1.4.2", "1.4.2", "1.4.3"):
        migrations.up(counting, tmp_path, version)

    assert (tmp_path / "runs").read_text() == "run\nrun\n"
    assert versions(migration) == ["1.4.2", "1.4.3"]


def test_a_command_that_fails_is_not_remembered(migration: Migration, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"ended with status 3\n.*not recorded"):
        migrations.up(replace(migration, command="exit 3"), tmp_path, "1.4.2")

    assert versions(migration) == []
    migrations.up(replace(migration, command="true"), tmp_path, "1.4.2")
    assert versions(migration) == ["1.4.2"]


def test_two_at_the_same_time_migrate_once(migration: Migration, tmp_path: Path) -> None:
    slow = replace(migration, command=f"sleep 0.5; echo run >>{tmp_path}/runs")
    both = [
        threading.Thread(target=migrations.up, args=(slow, tmp_path, "1.4.2")) for _ in range(2)
    ]

    for each in both:
        each.start()
    for each in both:
        each.join()

    assert (tmp_path / "runs").read_text() == "run\n"


def test_a_command_goes_back_as_it_was_declared_and_learns_how_far(
    migration: Migration, tmp_path: Path
) -> None:
    both = replace(migration, command="true", down='echo "$MIGRATION_TARGET" >>told')
    for version in ("1.0.0", "1.1.0"):
        migrations.up(both, tmp_path, version)

    migrations.down(both, tmp_path, "005", "1.0.0")

    assert (tmp_path / "told").read_text() == "005\n"
    assert versions(migration) == ["1.0.0"]


def test_without_a_way_back_nothing_is_done(migration: Migration, tmp_path: Path) -> None:
    only_up = replace(migration, command="true")
    migrations.up(only_up, tmp_path, "1.0.0")

    with pytest.raises(RefusedError, match=r"migration\.down, or migration\.sql"):
        migrations.down(only_up, tmp_path, "005", "0.9.0")
    assert versions(migration) == ["1.0.0"]


# -- SQL files --------------------------------------------------------------------------------


def test_files_run_in_order_each_with_its_row(migration: Migration, release: Path) -> None:
    migrations.up(replace(migration, sql=SQL), release, "1.0.0")

    assert tables(migration) == set(TABLES.values())
    rows = answer(
        migration.wanted,
        "SELECT concat(id, ' ', version, ' ', script_name) FROM schema_migrations "
        "WHERE executed_at IS NOT NULL ORDER BY id;",
    )
    assert [row.split()[1:] for row in rows.splitlines()] == [
        [name.partition("_")[0], f"{name}.sql"] for name in TABLES
    ]


def test_a_failing_second_file_leaves_the_first_alone_and_a_corrected_one_goes_on(
    migration: Migration, release: Path
) -> None:
    sql = replace(migration, sql=SQL)
    second = release / "migrations/002_create_app_specs_table.sql"
    good = second.read_text()
    second.write_text("INSERT INTO users VALUES (1);\nSELEC nonsense;\n")

    with pytest.raises(RefusedError, match=r"002_create_app_specs_table\.sql, line 2:"):
        migrations.up(sql, release, "1.0.0")

    assert done(migration) == ["001"]
    assert tables(migration) == {"users"}
    assert answer(migration.wanted, "SELECT count(*) FROM users;") == "0"
    assert versions(migration) == []
    second.write_text(good)
    migrations.up(sql, release, "1.0.0")
    assert done(migration) == [f"00{number}" for number in range(1, 9)]


def test_on_postgresql_a_failing_file_takes_its_tables_with_it(
    migration: Migration, release: Path
) -> None:
    if migration.wanted.engine != "postgres":
        pytest.skip("MySQL ends a transaction at each CREATE")
    (release / "migrations/002_create_app_specs_table.sql").write_text(
        "CREATE TABLE app_specs (id int);\nSELECT 1/0;\n"
    )

    with pytest.raises(RefusedError, match="division by zero"):
        migrations.up(replace(migration, sql=SQL), release, "1.0.0")

    assert tables(migration) == {"users"}


def test_a_file_that_goes_on_after_errors_is_not_recorded(
    migration: Migration, release: Path
) -> None:
    if migration.wanted.engine != "postgres":
        pytest.skip("a switch of psql")
    (release / "migrations/001_create_users_table.sql").write_text(
        "\\set ON_ERROR_STOP off\nSELECT 1/0;\nCREATE TABLE users (id int);\n"
    )

    with pytest.raises(RefusedError):
        migrations.up(replace(migration, sql=SQL), release, "1.0.0")

    assert done(migration) == []
    assert tables(migration) == set()


@pytest.mark.parametrize("line", ["BEGIN;", "  commit ;", "START TRANSACTION;", "ROLLBACK WORK;"])
def test_a_file_that_would_end_its_transaction_is_refused_before_any_runs(
    migration: Migration, release: Path, line: str
) -> None:
    (release / "migrations/008_create_magic_prompts_table.sql").write_text(f"SELECT 1;\n{line}\n")

    with pytest.raises(RefusedError, match=r"008_.*\.sql, line 2: .*a transaction of its own"):
        migrations.up(replace(migration, sql=SQL), release, "1.0.0")

    assert tables(migration) == set()


def test_the_body_of_a_function_is_no_transaction(migration: Migration, release: Path) -> None:
    body = {
        "postgres": "CREATE FUNCTION one() RETURNS int LANGUAGE plpgsql AS $$\n"
        "BEGIN\n  RETURN 1;\nEND;\n$$;\n",
        "mysql": "DELIMITER //\nCREATE PROCEDURE one()\nBEGIN\n  SELECT 1;\nEND;\n//\n",
    }[migration.wanted.engine]
    (release / "migrations/009_function.sql").write_text(body)

    migrations.up(replace(migration, sql=SQL), release, "1.0.0")

    assert done(migration)[-1] == "009"


def test_files_of_a_jar_are_found_inside_it(migration: Migration, release: Path) -> None:
    packed = release.parent / "packed"
    packed.mkdir()
    with zipfile.ZipFile(packed / "app.jar", "w") as jar:
        for file in sorted(release.rglob("*.sql")):
            jar.write(file, file.relative_to(release))

    migrations.up(replace(migration, sql=SQL), packed, "1.0.0")
    migrations.down(replace(migration, sql=SQL), packed, "007", "0.9.0")

    assert tables(migration) == set(TABLES.values()) - {"magic_prompts"}


def test_two_files_of_one_version_and_a_missing_folder_are_refused(
    migration: Migration, release: Path
) -> None:
    (release / "migrations/002_again.sql").write_text("SELECT 1;\n")

    with pytest.raises(RefusedError, match=r"002_again.sql and 002_create.* are both of 002"):
        migrations.up(replace(migration, sql=SQL), release, "1.0.0")
    with pytest.raises(RefusedError, match="no folder elsewhere"):
        migrations.up(replace(migration, sql=Sql("elsewhere", "x")), release, "1.0.0")
    assert tables(migration) == set()


def test_numbers_are_in_the_order_of_numbers() -> None:
    assert sorted(["10", "9", "001", "20260101120000"], key=migrations.order) == [
        "001",
        "9",
        "10",
        "20260101120000",
    ]


def test_statements_for_after_a_migration_run_outside_of_a_transaction(
    migration: Migration, release: Path
) -> None:
    index = {
        "postgres": "CREATE INDEX CONCURRENTLY IF NOT EXISTS by_id ON users (id)",
        "mysql": "CREATE INDEX IF NOT EXISTS by_id ON users (id)",
    }[migration.wanted.engine]
    both = replace(migration, sql=SQL, after=(index,))

    migrations.up(both, release, "1.0.0")
    migrations.up(both, release, "1.0.1")

    listed = {
        "postgres": "SELECT count(*) FROM pg_indexes WHERE indexname = 'by_id';",
        "mysql": "SELECT count(*) FROM information_schema.statistics WHERE index_name = 'by_id' "
        "AND table_schema = database();",
    }[migration.wanted.engine]
    assert answer(migration.wanted, listed) == "1"


# -- the way back -----------------------------------------------------------------------------


def test_back_to_005_undoes_008_007_and_006_in_that_order(
    migration: Migration, release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sql = replace(migration, sql=SQL)
    migrations.up(sql, release, "1.0.0")
    migrations.plan(sql, release, "005")
    planned = capsys.readouterr().out.splitlines()[-3:]

    migrations.down(sql, release, "005", "0.9.0")

    ran = [line.split(": ")[1] for line in capsys.readouterr().out.splitlines() if ": " in line]
    assert ran == planned
    assert [name[:3] for name in ran] == ["008", "007", "006"]
    assert done(migration) == ["001", "002", "003", "004", "005"]
    assert tables(migration) == set(list(TABLES.values())[:5])


def test_a_release_that_was_gone_back_from_migrates_again(
    migration: Migration, release: Path
) -> None:
    sql = replace(migration, sql=SQL)
    migrations.up(sql, release, "0.9.0")
    migrations.up(sql, release, "1.0.0")
    migrations.down(sql, release, "005", "0.9.0")
    assert versions(migration) == ["0.9.0"]

    migrations.up(sql, release, "1.0.0")

    assert tables(migration) == set(TABLES.values())


def test_a_missing_way_back_is_said_before_anything_changes(
    migration: Migration, release: Path
) -> None:
    sql = replace(migration, sql=SQL)
    migrations.up(sql, release, "1.0.0")
    (release / "migrations/rollback/006_create_forks_table.down.sql").unlink()

    missing = r"lacks 006_create_forks_table\.down\.sql"
    with pytest.raises(RefusedError, match=missing):
        migrations.plan(sql, release, "005")
    with pytest.raises(RefusedError, match=missing):
        migrations.down(sql, release, "005", "0.9.0")

    assert len(done(migration)) == 8
    assert tables(migration) == set(TABLES.values())
    assert versions(migration) == ["1.0.0"]


def test_a_version_that_never_was_is_refused_and_nought_undoes_all(
    migration: Migration, release: Path
) -> None:
    sql = replace(migration, sql=SQL)
    migrations.up(sql, release, "1.0.0")

    with pytest.raises(RefusedError, match=r"never been at 042: it has 001, 002"):
        migrations.down(sql, release, "042", "0.9.0")
    migrations.down(sql, release, "000", "0.9.0")

    assert tables(migration) == set()
    assert done(migration) == []


def test_a_failing_way_back_stops_where_it_failed(migration: Migration, release: Path) -> None:
    sql = replace(migration, sql=SQL)
    migrations.up(sql, release, "1.0.0")
    file = release / "migrations/rollback/007_create_social_interactions_table.down.sql"
    file.write_text("DROP TABLE nowhere;\n")

    with pytest.raises(RefusedError, match=r"007_.*\.down\.sql, line 1:"):
        migrations.down(sql, release, "005", "0.9.0")

    assert done(migration)[-1] == "007"
    assert versions(migration) == ["1.0.0"]


# -- seeds ------------------------------------------------------------------------------------


def test_a_seed_runs_once_unless_it_is_asked_for_again(
    migration: Migration, tmp_path: Path
) -> None:
    seeding = replace(migration, command="true", seed="echo seed >>seeds")

    migrations.up(seeding, tmp_path, "1.0.0")
    assert not (tmp_path / "seeds").exists()
    for again in (False, False, True):
        migrations.seed(seeding, tmp_path, again=again)

    assert (tmp_path / "seeds").read_text() == "seed\nseed\n"


def test_where_the_stack_says_so_the_first_migration_is_followed_by_the_seed(
    migration: Migration, tmp_path: Path
) -> None:
    seeding = replace(migration, command="true", seed="echo seed >>seeds", seed_at_once=True)

    migrations.up(seeding, tmp_path, "1.0.0")
    migrations.up(seeding, tmp_path, "1.1.0")

    assert (tmp_path / "seeds").read_text() == "seed\n"


def test_an_application_without_a_seed_says_so(migration: Migration, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"migration\.seed"):
        migrations.seed(migration, tmp_path, again=False)


def test_a_command_of_an_image_runs_in_a_task_under_the_same_lock_and_record(
    migration: Migration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def begin(task: Task, command: str, variables: Mapping[str, str]) -> None:
        begun.append(command)
        if command == "bad":
            raise RefusedError("`bad` ended with status 1")

    monkeypatch.setattr(migrations, "run", begin)
    place = Task("r", "c", "d", "f", "api", ("s",), "g", "l")
    on_fargate = replace(migration, task=place, command="bad", seed="sow", seed_at_once=True)

    with pytest.raises(RefusedError, match=r"not recorded as brought to 1\.4\.2-0123"):
        migrations.up(on_fargate, tmp_path, "1.4.2-0123")
    for _ in range(2):
        migrations.up(replace(on_fargate, command="good"), tmp_path, "1.4.2-0123")

    assert begun == ["bad", "good", "sow"]
    assert "1.4.2-0123" in versions(migration)


# -- as the operations instance starts it -----------------------------------------------------


def test_the_program_needs_nothing_but_debian_and_what_its_role_lays_beside_it(
    tmp_path: Path,
) -> None:
    for name in ("database", "migrations"):
        (tmp_path / name).write_text(source(f"{name}.py"))
    beside = tmp_path / "hosts/programs"
    beside.mkdir(parents=True)
    for module in ("database_client.py", *MODULES):
        (beside / module).write_text(source(module))

    for name in ("database", "migrations"):
        said = subprocess.run(
            ["/usr/bin/python3", str(tmp_path / name), "--help"],
            capture_output=True,
            text=True,
            cwd="/",
            env={},
        )
        assert said.returncode == 0, said.stderr
