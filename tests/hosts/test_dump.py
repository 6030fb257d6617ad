"""Dumps, drills and restores on real servers of both engines; the bucket is a folder."""

import gzip
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hosts.programs import database, dump, mysql_copy, postgres_copy
from hosts.programs.database_client import Login, RefusedError, Wanted, load, mysql, psql
from hosts.programs.dump import Dumps
from tests.hosts import servers
from tests.hosts.servers import Server

STAND_INS = Path(__file__).parent / "stand_ins"
NAME = "3dgenerator_prod"
ENGINES = [
    pytest.param("postgres", marks=servers.needs_postgres),
    pytest.param("mysql", marks=servers.needs_mariadb),
]
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", params=ENGINES)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    start = servers.postgres if request.param == "postgres" else servers.mariadb
    with start() as running:
        yield running


class Database:
    """One with tables, rows of all sorts, a view, a trigger and a routine, and its dumps."""

    def __init__(self, engine: str, specification: Path, home: Path) -> None:
        self.engine, self.home = engine, home
        self.wanted: Wanted = load(specification, owner_alone=False)
        self.dumps: Dumps = dump.told("shop-main")
        self.copy = dump.ENGINES[engine]

    def ask(self, statement: str, who: Login | None = None, database: str | None = None) -> str:
        login = who or self.wanted.owner.login
        place = database or self.wanted.database
        if self.engine == "postgres":
            return psql(self.wanted, login, place, statement).strip()
        return mysql(self.wanted, login, statement, place).strip()

    def fill(self) -> None:
        if self.engine == "postgres":
            self.ask(
                'CREATE SCHEMA audit; CREATE TABLE audit."odd name" (id serial, x text);'
                "CREATE TABLE users (id serial PRIMARY KEY, name text, created timestamptz);"
                "CREATE TABLE models (id serial PRIMARY KEY, owner int REFERENCES users, b bytea);"
                "CREATE VIEW names AS SELECT name FROM users;"
                "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS "
                "$$BEGIN NEW.name := NEW.name || '!'; RETURN NEW; END$$;"
                "CREATE TRIGGER loud BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION shout();"
                "INSERT INTO users (name, created) VALUES ('Ä; -- ''x''', now()), (NULL, now());"
                "INSERT INTO models (owner, b) SELECT 1, '\\x00ff' FROM generate_series(1, 500);"
                """INSERT INTO audit."odd name" (x) VALUES ('kept');"""
            )
        else:
            self.ask(
                "CREATE TABLE users"
                " (id int AUTO_INCREMENT PRIMARY KEY, name text, created datetime);"
                "CREATE TABLE models (id int AUTO_INCREMENT PRIMARY KEY, owner int, b blob,"
                " FOREIGN KEY (owner) REFERENCES users (id));"
                "CREATE TABLE `odd name` (id int PRIMARY KEY, x text);"
                "CREATE VIEW names AS SELECT name FROM users;"
                "CREATE TRIGGER loud BEFORE INSERT ON users FOR EACH ROW "
                "SET NEW.name = concat(NEW.name, '!');"
                "CREATE PROCEDURE one() SELECT 1;"
                "INSERT INTO users (name, created) VALUES"
                " ('Ä; -- ''x''\n(2),(3);\n(4', now()), (NULL, now());"
                "INSERT INTO models (owner, b) SELECT 1, x'00ff28' FROM seq_1_to_500;"
                "INSERT INTO `odd name` VALUES (1, 'DEFINER=`a`@`b`');"
            )

    @property
    def rows(self) -> dict[str, int]:
        return self.copy.count(self.wanted)

    @property
    def bucket(self) -> Path:
        return self.home / "aws" / "backups"

    def objects(self) -> list[str]:
        return sorted(
            str(path.relative_to(self.bucket)) for path in self.bucket.rglob("*") if path.is_file()
        )

    def newest(self, ending: str) -> Path:
        return sorted(self.bucket.glob(f"database/{NAME}_*{ending}"))[-1]

    def databases(self) -> list[str]:
        return self.copy.beginning_with(self.wanted, "3d")

    def metrics(self) -> list[str]:
        file = self.home / "aws" / "metrics"
        return file.read_text().split() if file.exists() else []


@pytest.fixture
def made(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    specify = servers.Specifications(server, tmp_path, monkeypatch)
    specification = specify(NAME)
    (tmp_path / "aws").mkdir()
    monkeypatch.setenv("PATH", f"{STAND_INS}:{os.environ['PATH']}")
    monkeypatch.setenv("AWS_FOLDER", str(tmp_path / "aws"))
    monkeypatch.setattr(dump, "HOME", tmp_path / "home")
    monkeypatch.setattr(dump, "SPECIFICATIONS", tmp_path / "dumps")
    (tmp_path / "dumps").mkdir()
    told = {
        "stack": "prod",
        "database": str(specification),
        "bucket": "backups",
        "region": "eu-west-1",
        "encryption_key": "arn:aws:kms:eu-west-1:1:key/k",
        "prefix": "database",
        "validate_with": "SELECT COUNT(*) FROM users",
    }
    (tmp_path / "dumps" / "shop-main.json").write_text(json.dumps(told))
    one = Database(server.engine, specification, tmp_path)
    bootstrap(one.wanted)
    one.fill()
    bootstrap(one.wanted)
    yield one
    for left in one.databases():
        one.copy.drop(replace(one.wanted, database=left))


def bootstrap(wanted: Wanted) -> None:
    if wanted.engine == "postgres":
        database.bootstrap_postgres(wanted)
    else:
        database.bootstrap_mysql(wanted)


def main(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["dump", *words])
    return dump.main()


def test_a_dump_lies_in_the_bucket_with_its_checksum_and_what_was_counted(
    made: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(monkeypatch, "dump", "shop-main") == 0

    stem = made.newest(".json").stem
    suffix = made.copy.SUFFIX
    assert made.objects() == sorted(
        f"database/{stem}{ending}" for ending in (".json", suffix, f"{suffix}.sha256")
    )
    manifest = json.loads(made.newest(".json").read_text())
    assert manifest["tables"] == made.rows
    assert sum(made.rows.values()) == 503
    checksum = subprocess.run(
        ["sha256sum", "--check", "--strict", f"{stem}{suffix}.sha256"],
        cwd=made.bucket / "database",
        capture_output=True,
    )
    assert checksum.returncode == 0
    assert "DumpSucceeded=1" in made.metrics()
    assert list((made.home / "home").glob("work.*")) == []


def test_a_database_that_is_still_empty_is_dumped_too(
    made: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As before its first migration."""
    made.copy.drop(made.wanted)
    bootstrap(made.wanted)

    assert main(monkeypatch, "dump", "shop-main") == 0

    assert json.loads(made.newest(".json").read_text())["tables"] == {}


def told_hours(made: Database) -> float:
    return float(made.metrics()[-1].removeprefix("HoursWithoutDump="))


def test_how_old_the_newest_dump_is_is_read_off_the_bucket(
    made: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(monkeypatch, "dump", "shop-main")
    manifest = made.newest(".json")
    # Nobody has to be told of one that a person took away.
    manifest.rename(manifest.with_name(f"{NAME}_20200101_020000.json"))

    assert main(monkeypatch, "age", "shop-main") == 0

    years = told_hours(made) / 24 / 365
    assert years > 6
    assert "hours since 20200101_020000" in capsys.readouterr().out


def test_before_the_first_dump_hours_count_from_when_dumps_were_asked_for(
    made: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    specification = made.home / "dumps" / "shop-main.json"
    assert main(monkeypatch, "age", "shop-main") == 0
    fresh = told_hours(made)

    asked = specification.stat().st_mtime - 30 * 3600
    os.utime(specification, (asked, asked))
    assert main(monkeypatch, "age", "shop-main") == 0

    assert fresh < 26
    # A first dump that never comes is as bad as a last one that stays away.
    assert told_hours(made) > 26


def test_a_bucket_that_cannot_be_listed_is_silence_and_no_age(
    made: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_FAILS", "broken list-objects-v2")

    assert main(monkeypatch, "age", "shop-main") == 1

    assert made.metrics() == []


def test_a_drill_restores_the_newest_validates_it_and_leaves_nothing(
    made: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(monkeypatch, "dump", "shop-main")

    assert main(monkeypatch, "drill", "shop-main") == 0

    said = capsys.readouterr().out
    assert "3 tables, 503 rows, as dumped" in said
    assert "SELECT COUNT(*) FROM users: 2" in said
    assert "drill passed" in said
    assert made.databases() == [NAME]
    assert "DrillSucceeded=1" in made.metrics()
    assert any(key.startswith("database/drills/") for key in made.objects())


def spoil(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def renew_checksum(file: Path) -> None:
    """As whoever wanted to hide a change would."""
    found = dump.digest(file)
    file.with_name(f"{file.name}.sha256").write_text(f"{found}  {file.name}\n")
    told = file.with_name(file.name.removesuffix(".dump").removesuffix(".sql.gz") + ".json")
    told.write_text(json.dumps({**json.loads(told.read_text()), "sha256": found}))


def test_a_damaged_dump_is_refused_and_leaves_nothing(
    made: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(monkeypatch, "dump", "shop-main")
    spoil(made.newest(made.copy.SUFFIX))

    assert main(monkeypatch, "drill", "shop-main") == 1

    assert "not what its checksum promises" in capsys.readouterr().err
    assert made.databases() == [NAME]
    assert made.metrics()[-1] == "DrillFailed=1"


def test_a_dump_cut_off_is_refused_even_with_a_checksum_that_fits(
    made: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(monkeypatch, "dump", "shop-main")
    file = made.newest(made.copy.SUFFIX)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    renew_checksum(file)

    assert main(monkeypatch, "drill", "shop-main") == 1
    assert made.databases() == [NAME]


def test_a_dump_without_a_row_that_was_counted_is_refused(
    made: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(monkeypatch, "dump", "shop-main")
    told = made.newest(".json")
    manifest = json.loads(told.read_text())
    users = next(table for table in manifest["tables"] if table.endswith("users"))
    manifest["tables"][users] += 1
    told.write_text(json.dumps(manifest))

    assert main(monkeypatch, "drill", "shop-main") == 1
    assert f"{users}: 2, dumped were 3" in capsys.readouterr().err
    assert made.databases() == [NAME]


def test_a_query_that_finds_nothing_fails_the_drill(
    made: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made.ask("DELETE FROM models; DELETE FROM users;")
    main(monkeypatch, "dump", "shop-main")

    assert main(monkeypatch, "drill", "shop-main") == 1
    assert "the dump holds no data" in capsys.readouterr().err


@pytest.mark.parametrize("fails", ["broken cp", "broken head-object"])
def test_a_dump_that_does_not_arrive_fails_and_has_no_manifest(
    made: Database, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    monkeypatch.setenv("AWS_FAILS", fails)

    assert main(monkeypatch, "dump", "shop-main") == 1

    assert not list(made.bucket.rglob("*.json"))
    assert made.metrics() == ["DumpFailed=1"]


def test_a_server_that_cannot_be_reached_fails_the_dump_loudly(
    made: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = json.loads((made.home / "secrets").read_text())
    (made.home / "secrets").write_text(
        json.dumps({arn: {**one, "port": 1} for arn, one in secrets.items()})
    )

    assert main(monkeypatch, "dump", "shop-main") == 1

    assert capsys.readouterr().err
    assert made.metrics() == ["DumpFailed=1"]
    assert not made.bucket.exists()


def test_no_password_is_an_argument_of_any_process(
    made: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    real = subprocess.Popen.__init__

    def watched(self: Any, words: Any, *rest: Any, **more: Any) -> None:
        seen.append(f"{words} {more.get('env')}")
        real(self, words, *rest, **more)

    monkeypatch.setattr(subprocess.Popen, "__init__", watched)
    main(monkeypatch, "dump", "shop-main")
    main(monkeypatch, "drill", "shop-main")

    assert len(seen) > 5
    assert not any(servers.PASSWORD in words or servers.ADMIN in words for words in seen)
    assert not any("ss:w" in words for words in seen)


def test_what_was_written_during_the_dump_is_counted_as_the_dump_saw_it(
    made: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            made.ask("INSERT INTO users (name) VALUES ('more');")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert main(monkeypatch, "dump", "shop-main") == 0
    finally:
        stop.set()
        writer.join()

    assert main(monkeypatch, "drill", "shop-main") == 0


def test_a_dump_needs_no_right_to_write(made: Database) -> None:
    # MySQL's owner dumps where there are routines, which it alone is shown.
    if made.engine == "mysql":
        assert dump.reader(made.dumps.database).owner.rights == "owner"
        made.ask("DROP PROCEDURE one;")

    reader = dump.reader(made.dumps.database)

    assert reader.owner.rights == "backup"
    with pytest.raises(RefusedError):
        made.ask("DELETE FROM users;", reader.owner.login)


def damaged(made: Database) -> None:
    """What a person wants to undo."""
    made.ask("DELETE FROM models; DELETE FROM users; CREATE TABLE wrong (id int);")


def restored(made: Database) -> bool:
    tables = made.rows
    name = made.ask("SELECT name FROM names WHERE name IS NOT NULL;")
    return sum(tables.values()) == 503 and len(tables) == 3 and name.startswith("Ä; -- 'x'")


def test_a_restore_takes_the_place_and_the_old_one_stays_until_it_is_confirmed(
    made: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(monkeypatch, "dump", "shop-main")
    damaged(made)

    assert main(monkeypatch, "prepare", "shop-main") == 0
    assert not restored(made)
    assert main(monkeypatch, "swap", "shop-main") == 0

    assert restored(made)
    write = next(role for role in made.wanted.roles if role.rights == "write")
    made.ask("INSERT INTO users (name) VALUES ('new');", write.login)
    assert made.ask("SELECT name FROM users WHERE name LIKE 'new%';") == "new!"
    assert made.copy.is_so(made.wanted)
    [aside] = [each for each in made.databases() if each != NAME]
    assert aside.startswith(f"{NAME}_before_")

    assert main(monkeypatch, "prepare", "shop-main") == 1
    assert main(monkeypatch, "confirm", "shop-main") == 0
    assert made.databases() == [NAME]
    assert restored(made) is False
    assert len(made.ask("SELECT name FROM users;").splitlines()) >= 2


def test_a_restore_can_be_undone(made: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    main(monkeypatch, "dump", "shop-main")
    made.ask("INSERT INTO users (name) VALUES ('after');")
    main(monkeypatch, "prepare", "shop-main")
    main(monkeypatch, "swap", "shop-main")
    assert made.ask("SELECT count(*) FROM users;") == "2"

    assert main(monkeypatch, "undo", "shop-main") == 0

    assert made.ask("SELECT count(*) FROM users;") == "3"
    made.ask("INSERT INTO users (name) VALUES ('again');")
    assert made.ask("SELECT name FROM names WHERE name LIKE 'again%';") == "again!"
    assert made.copy.is_so(made.wanted)
    assert made.databases() == [NAME]


def test_how_things_stand_is_told_and_what_was_prepared_can_be_dropped(
    made: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stands() -> dict[str, Any]:
        capsys.readouterr()
        assert main(monkeypatch, "status", "shop-main") == 0
        return json.loads(capsys.readouterr().out)

    assert stands() == {"database": NAME, "prepared": None, "aside": []}
    main(monkeypatch, "dump", "shop-main")
    main(monkeypatch, "prepare", "shop-main")
    assert stands()["prepared"] == f"{NAME}_restored"

    assert main(monkeypatch, "discard", "shop-main") == 0
    assert stands()["prepared"] is None
    assert restored(made)
    assert main(monkeypatch, "discard", "shop-main") == 0


def test_an_application_is_not_kept_paused_by_a_dump_that_takes_hours(
    made: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dump, "SECONDS_FOR_A_TURN", 0.3)
    main(monkeypatch, "dump", "shop-main")
    main(monkeypatch, "prepare", "shop-main")

    with dump.workplace():
        assert main(monkeypatch, "swap", "shop-main") == 1

    assert "try again when it is done" in capsys.readouterr().err
    assert made.databases() == [NAME, f"{NAME}_restored"]
    assert main(monkeypatch, "swap", "shop-main") == 0


def test_a_failing_rename_leaves_the_original_as_it_was(
    made: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(monkeypatch, "dump", "shop-main")
    main(monkeypatch, "prepare", "shop-main")
    made.ask("INSERT INTO users (name) VALUES ('kept');")
    # The second half cannot be done: the first must not stay.
    if made.engine == "postgres":
        real = postgres_copy.psql

        def fails(wanted: Wanted, login: Login, place: str, statements: str) -> str:
            wrong = statements.replace(f'RENAME TO "{NAME}"', "RENAME TO 3dgenerator_prod")
            return real(wanted, login, place, wrong)

        monkeypatch.setattr(postgres_copy, "psql", fails)
    else:
        ask = mysql_copy.ask
        monkeypatch.setattr(
            mysql_copy,
            "ask",
            lambda wanted, statement: ask(
                wanted,
                statement.replace("RENAME TABLE ", "RENAME TABLE nowhere.x TO nowhere.y, ")
                if "restored" not in statement.partition("RENAME")[0]
                else statement,
            ),
        )

    assert main(monkeypatch, "swap", "shop-main") == 1

    assert "is in its place as it was" in capsys.readouterr().err
    assert made.databases() == [NAME, f"{NAME}_restored"]
    assert made.ask("SELECT count(*) FROM users;") == "3"
    made.ask("INSERT INTO users (name) VALUES ('more');")
    assert made.ask("SELECT name FROM names WHERE name LIKE 'more%';") == "more!"
    assert made.copy.is_so(made.wanted)


def test_sessions_that_are_open_do_not_stop_a_restore(
    made: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(monkeypatch, "dump", "shop-main")
    main(monkeypatch, "prepare", "shop-main")
    write = next(role for role in made.wanted.roles if role.rights == "write")
    reads = "SELECT pg_sleep(60);" if made.engine == "postgres" else "SELECT sleep(60);"
    failed: list[RefusedError] = []

    def stay() -> None:
        try:
            made.ask(f"{reads}", write.login)
        except RefusedError as why:
            failed.append(why)

    session = threading.Thread(target=stay)
    session.start()
    try:
        assert main(monkeypatch, "swap", "shop-main") == 0
    finally:
        session.join(65)
    assert restored(made)


def test_a_dump_of_plain_sql_can_be_restored_too(
    made: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = made.wanted
    (made.bucket / "old").mkdir(parents=True)
    file = made.bucket / "old" / "from-elsewhere.sql.gz"
    if made.engine == "postgres":
        plain = postgres_copy.run(owner, ["pg_dump", "--no-owner", "--no-privileges"])
        # What the old scripts wrote: extensions are the administrator's.
        plain = "\n".join(line for line in plain.splitlines() if " EXTENSION " not in line)
        with gzip.open(file, "wt") as packed:
            packed.write(plain + "\n")
    else:
        made.copy.write(owner, file)
    file.with_name(f"{file.name}.sha256").write_text(f"{dump.digest(file)}  {file.name}\n")

    assert main(monkeypatch, "prepare", "shop-main", "--dump", "old/from-elsewhere.sql.gz") == 0
    assert main(monkeypatch, "swap", "shop-main") == 0
    assert restored(made)


def test_sql_with_an_error_in_it_is_refused_whole(
    made: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made.bucket / "old").mkdir(parents=True)
    file = made.bucket / "old" / "wrong.sql.gz"
    with gzip.open(file, "wt") as packed:
        packed.write("CREATE TABLE users (id int);\nCREATE TABEL x (id int);\n-- Dump completed\n")
    file.with_name(f"{file.name}.sha256").write_text(f"{dump.digest(file)}  {file.name}\n")

    assert main(monkeypatch, "prepare", "shop-main", "--dump", "old/wrong.sql.gz") == 1
    assert made.databases() == [NAME]


def test_swapping_without_anything_prepared_says_so(
    made: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for action, word in (("swap", "prepare it first"), ("undo", "nothing to undo")):
        assert main(monkeypatch, action, "shop-main") == 1
        assert word in capsys.readouterr().err
    assert main(monkeypatch, "prepare", "shop-main") == 1
    assert "There is no dump of 3dgenerator_prod" in capsys.readouterr().err


def test_an_older_dump_is_chosen_by_its_time(
    made: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(monkeypatch, "dump", "shop-main")
    for file in list((made.bucket / "database").iterdir()):
        stamp = file.name.removeprefix(f"{NAME}_")[:15]
        older = file.with_name(file.name.replace(stamp, "20200101_020000"))
        shutil.copy(file, older)
    told = made.bucket / "database" / f"{NAME}_20200101_020000.json"
    told.write_text(told.read_text().replace(made.newest(".json").stem, told.stem))
    capsys.readouterr()

    main(monkeypatch, "list", "shop-main")
    assert capsys.readouterr().out.splitlines()[0] == "20200101_020000"
    assert main(monkeypatch, "drill", "shop-main", "--dump", "20200101_020000") == 0
    assert main(monkeypatch, "drill", "shop-main", "--dump", "20200101_020001") == 1
    assert "the newest are 20200101_020000" in capsys.readouterr().err
