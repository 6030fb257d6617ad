"""Releases as a person makes them on the local stack: good, refused, bad, rolled back."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from localcloud.paths import ROOT
from tests.apps.applications import SOURCES
from tests.e2e.cloud import STACK_FILE, Cloud
from tests.e2e.database_server import described, name_of, query
from tests.e2e.served import (
    INGENIO,
    PHOTO,
    THREED,
    Served,
    fresh_version,
    migration,
    on_each,
    publish,
    under_load,
    version_of,
    well,
)
from tests.e2e.visitor import Visitor

APP = THREED.name


@pytest.fixture
def stack_file(platform: Cloud) -> Iterator[Path]:
    """The stack's file in the clone; whatever happens, it is as it was afterwards."""
    path = platform.project / STACK_FILE
    before = path.read_text()
    yield path
    path.write_text(before)


def serving(cloud: Cloud, host: str) -> str:
    words = ("readlink", f"/srv/{APP}/current")
    return cloud.expect_command("connect", "local", "--host", host, "--", *words).strip()


def test_a_version_that_nobody_published_is_refused(
    platform: Cloud, first_up: str, stack_file: Path
) -> None:
    assert first_up
    before = stack_file.read_text()

    done = platform.command("release", "local", APP, "9.9.9", "--yes")

    assert done.returncode == 1
    assert "It has the versions 1.0.0" in done.stdout
    assert stack_file.read_text() == before


@pytest.mark.long
def test_a_rollback_serves_what_served_before(
    platform: Cloud, first_up: str, stack_file: Path
) -> None:
    assert first_up
    hosts = ("web-a1", "web-b1", "api-a1", "api-b1")
    before, version = version_of(Visitor(platform), THREED), fresh_version(platform, THREED)
    platform.expect("publish", APP, version)

    said = platform.expect_command("release", "local", APP, version, "--yes")

    assert f"{APP} on local: {before} → {version}" in said
    assert f"{APP}: {version}" in stack_file.read_text()
    assert {serving(platform, host) for host in hosts} == {f"releases/{version}"}

    said = platform.expect_command("rollback", "local", APP, "--yes")

    assert f"{APP} on local: {version} → {before}" in said
    assert {serving(platform, host) for host in hosts} == {f"releases/{before}"}
    assert "Nothing to change" in platform.expect("up")


@pytest.mark.long
def test_a_bad_version_leaves_the_old_one_and_the_file_as_they_were(
    platform: Cloud, first_up: str, stack_file: Path, tmp_path: Path
) -> None:
    assert first_up
    file_before = stack_file.read_text()
    before, version = version_of(Visitor(platform), THREED), fresh_version(platform, THREED)
    packed = subprocess.run(
        [
            *(sys.executable, "-m", "tests.apps.pack", APP, "--out", str(tmp_path)),
            *("--unwell", "web", version),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for file in packed:
        if file.endswith(".tar.gz"):
            part = Path(file).name.partition(".")[0]
            platform.expect_command("publish", "local", APP, version, file, "--part", part)

    done = platform.command("release", "local", APP, version, "--yes")

    assert done.returncode == 1
    assert f"{before} goes on serving" in done.stdout
    assert stack_file.read_text() == file_before
    assert serving(platform, "web-a1") == f"releases/{before}"
    assert platform.run("up").returncode == 0
    # A host that had changed before another failed waits for no confirmation of what it had.
    show = ("sudo", "/usr/local/lib/groundwork/release", "show", APP)
    shown = platform.expect_command("connect", "local", "--host", "api-a1", "--", *show)
    assert '"pending": null' in shown


@dataclass(frozen=True)
class Change:
    """A migration, its way back, and the column that is there in between."""

    up: Path
    down: Path | None
    """None: the application's own command undoes what its last run did."""
    column: tuple[str, str]
    """Table and column."""
    newest: str
    """Asks the database for the migration that was the newest so far."""
    record: str
    """Where the releases are recorded that it has been brought to."""


def change(served: Served, version: str, folder: Path) -> Change:
    if served is PHOTO:
        return Change(
            up=SOURCES / PHOTO.name / "later" / "20260101000001_photos_views.js",
            down=None,
            column=("photos", "views"),
            newest="SELECT name FROM knex_migrations ORDER BY id DESC LIMIT 1",
            record="groundwork_migrations",
        )
    up = migration(version, folder / "migration")
    down = up.with_suffix(".down.sql")
    table = f"once_{up.name.partition('_')[0]}"
    down.write_text(f"DROP TABLE {table};\n")
    return Change(
        up=up,
        down=down,
        column=(table, "id"),
        newest="SELECT version FROM schema_migrations ORDER BY version::int DESC LIMIT 1",
        record="groundwork.migrations",
    )


# By the program's runner of SQL files, and by a command of the application's own.
@pytest.mark.long
@on_each(INGENIO, PHOTO)
def test_a_database_goes_back_with_its_release_and_nobody_notices(
    platform: Cloud, first_up: str, stack_file: Path, served: Served, tmp_path: Path
) -> None:
    assert first_up
    visitor = Visitor(platform)
    well(visitor, served)
    database = described(platform, served.name)

    def told(statement: str) -> str:
        return query(platform, database, statement, of=name_of(served.name))

    before, version = version_of(visitor, served), fresh_version(platform, served)
    wanted = change(served, version, tmp_path)
    table, column = wanted.column
    columns = (
        "SELECT count(*) FROM information_schema.columns "  # noqa: S608 - ours
        f"WHERE table_name = '{table}' AND column_name = '{column}'"
    )
    recorded = f"SELECT count(*) FROM {wanted.record} WHERE version = '{version}'"  # noqa: S608 - ours
    newest = told(wanted.newest)
    assert publish(platform, served, tmp_path, migration=wanted.up, back=wanted.down) == version
    platform.expect_command("release", "local", served.name, version, "--yes")
    assert (version_of(visitor, served), told(columns), told(recorded)) == (version, "1", "1")

    with under_load(visitor, served, tmp_path) as load:
        said = platform.expect_command(
            "rollback", "local", served.name, "--database", newest, "--yes"
        )

    load.nobody_noticed()
    assert f"{served.name} on local: {version} → {before}" in said
    assert f"taken back to {newest}" in said
    assert (version_of(visitor, served), told(columns), told(recorded)) == (before, "0", "0")
    assert told(wanted.newest) == newest
    well(visitor, served)
    assert "Nothing to change" in platform.expect("up")
