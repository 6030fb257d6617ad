"""A packed version is what the release program of the hosts takes, and the same every time."""

import hashlib
import json
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.apps import pack as packing
from tests.apps.applications import APPLICATIONS, SERVICE, Application
from tests.apps.pack import PackingError, pack

THREED = APPLICATIONS["threed-generator"]

KEPT = ["dist/app.js", "migrations/0001_users.sql", "node_modules/.bin/tool", "node_modules/a.js"]
DROPPED = [
    ".next/cache/webpack",
    ".next/trace",
    "node_modules/.package-lock.json",
    "node_modules/a.d.ts",
    "node_modules/a.js.map",
    "node_modules/next/dist/docs/index.md",
    "node_modules/next/dist/esm/server.js",
    "src/app.ts",
    "tsconfig.json",
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name in [*KEPT, *DROPPED]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"this is {name}")
    (root / "node_modules/.bin/tool").chmod(0o700)
    (root / "dist/app.js").chmod(0o600)
    (root / "node_modules/.bin/link").symlink_to("../a.js")
    return root


@pytest.fixture
def built(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build that took no npm."""
    archive = tmp_path / "built"
    packing._body(tree, archive)

    def found(_application: object, _part: str, _say: packing.Say) -> Path:
        return archive

    monkeypatch.setattr(packing, "_built", found)
    return archive


def content(out: Path, version: str, part: str) -> dict[str, tuple[str, int]]:
    """As the release program reads it: path → text and mode."""
    archive = out / "releases" / "threed-generator" / version / f"{part}.tar.gz"
    folder = out / "unpacked" / version / part
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return {
        path.relative_to(folder).as_posix(): (path.read_text(), path.stat().st_mode & 0o777)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_each_part_and_its_digest_lie_at_their_keys(built: Path, tmp_path: Path) -> None:
    files = pack("threed-generator", "1.0.0", tmp_path)

    assert [path.relative_to(tmp_path).as_posix() for path in files] == [
        "releases/threed-generator/1.0.0/api.tar.gz",
        "releases/threed-generator/1.0.0/api.tar.gz.sha256",
        "releases/threed-generator/1.0.0/web.tar.gz",
        "releases/threed-generator/1.0.0/web.tar.gz.sha256",
    ]
    for archive, digest in (files[:2], files[2:]):
        wanted = digest.read_text().split()[0]
        assert hashlib.sha256(archive.read_bytes()).hexdigest() == wanted


def test_what_a_host_needs_is_in_it_and_nothing_else(built: Path, tmp_path: Path) -> None:
    pack("threed-generator", "1.0.0", tmp_path)

    found = content(tmp_path, "1.0.0", "web")
    assert set(found) == {*KEPT, "node_modules/.bin/link", "release.json"}
    assert found["dist/app.js"] == ("this is dist/app.js", 0o644)
    assert found["node_modules/.bin/tool"][1] == 0o755
    assert json.loads(found["release.json"][0]) == {"version": "1.0.0", "needs": []}


def test_a_version_is_the_same_byte_for_byte_whenever_it_is_packed(
    tree: Path, built: Path, tmp_path: Path
) -> None:
    one, _, _, _ = pack("threed-generator", "1.0.0", tmp_path / "a")
    for path in tree.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    packing._body(tree, built)
    other, _, _, _ = pack("threed-generator", "1.0.0", tmp_path / "b")
    assert other.read_bytes() == one.read_bytes()


def test_an_unwell_part_needs_a_variable_that_no_stack_gives(built: Path, tmp_path: Path) -> None:
    pack("threed-generator", "1.1.0", tmp_path, unwell=["api"])

    needs = {
        part: json.loads(content(tmp_path, "1.1.0", part)["release.json"][0])["needs"]
        for part in THREED.parts
    }
    assert needs == {"api": [packing.NEVER_GIVEN], "web": []}


def test_a_broken_part_has_no_version_to_start_with(built: Path, tmp_path: Path) -> None:
    pack("threed-generator", "1.1.0", tmp_path, broken=["web"])

    assert content(tmp_path, "1.1.0", "web")["release.json"][0] == ""
    assert content(tmp_path, "1.1.0", "api")["release.json"][0] != ""


def test_one_more_migration_comes_with_the_api(built: Path, tmp_path: Path) -> None:
    pack(
        "threed-generator", "2.0.0", tmp_path, migration=THREED.folder / "later" / "0004_fails.sql"
    )

    assert "no_such_table" in content(tmp_path, "2.0.0", "api")["migrations/0004_fails.sql"][0]
    assert "migrations/0004_fails.sql" not in content(tmp_path, "2.0.0", "web")


def test_a_part_that_there_is_not_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(PackingError, match="'worker' is no part of threed-generator: it has api"):
        pack("threed-generator", "1.0.0", tmp_path, unwell=["worker"])


def test_the_build_knows_the_addresses_of_the_local_stack() -> None:
    assert packing.build_environment("threed-generator", "web") == {
        "NEXT_PUBLIC_API_URL": "https://api.3dgenerator.test",
        "NEXT_PUBLIC_WS_URL": "wss://api.3dgenerator.test",
        "NEXT_PUBLIC_CDN_URL": "https://cdn.3dgenerator.test",
    }
    assert packing.build_environment("threed-generator", "api") == {}


def test_a_change_of_a_source_or_of_the_build_environment_is_another_build(
    tree: Path, tmp_path: Path
) -> None:
    shared = tmp_path / "shared.ts"
    shared.write_text("what several parts have")
    (tree / "src/shared.ts").symlink_to(shared)
    own = Application(name=tree.parent.name, parts={tree.name: SERVICE}, sources=tmp_path.parent)
    before = packing._digest(own, tree.name, {})

    assert packing._digest(own, tree.name, {"NEXT_PUBLIC_API_URL": "https://other"}) != before
    (tree / "dist/app.js").write_text("what a build in place leaves is no source")
    assert packing._digest(own, tree.name, {}) == before
    (tree / "src/app.ts").write_text("changed")
    changed = packing._digest(own, tree.name, {})
    assert changed != before
    shared.write_text("changed")
    assert packing._digest(own, tree.name, {}) != changed


NPM = [
    application.folder / name
    for application in APPLICATIONS.values()
    for name, part in application.parts.items()
    if part.tool == "npm"
]


@pytest.mark.parametrize("folder", NPM, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_versions_are_pinned_and_no_host_is_named(folder: Path) -> None:
    package = json.loads((folder / "package.json").read_text())
    lock = json.loads((folder / "package-lock.json").read_text())

    wanted = {**package.get("dependencies", {}), **package.get("devDependencies", {})}
    assert all(version[0].isdigit() for version in wanted.values())
    assert all("resolved" not in one for one in lock["packages"].values())
    locked = {name: lock["packages"][f"node_modules/{name}"]["version"] for name in wanted}
    assert locked == wanted


def test_without_npm_it_says_how_to_get_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GROUNDWORK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))

    assert packing.main(["threed-generator", "--out", str(tmp_path), "1.0.0"]) == 1
    assert "error: npm is missing: install Node.js with npm" in capsys.readouterr().err


def test_a_jar_holds_its_version_and_its_migrations_beside_what_was_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = tmp_path / "built"
    with zipfile.ZipFile(built, "w") as jar:
        jar.writestr("BOOT-INF/classes/App.class", "the program")

    def found(_application: object, _part: str, _say: packing.Say) -> Path:
        return built

    monkeypatch.setattr(packing, "_built", found)
    fails = THREED.folder / "later" / "0004_fails.sql"
    back = tmp_path / "0004_fails.down.sql"
    back.write_text("SELECT 'it never went up';")
    archive, digest = pack("ingenio", "1.0.0", tmp_path, migration=fails, back=back)
    again, _ = pack("ingenio", "1.0.0", tmp_path / "again", migration=fails, back=back)

    assert archive.relative_to(tmp_path).as_posix() == "releases/ingenio/1.0.0/api.jar"
    assert digest.read_text().split()[0] == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert again.read_bytes() == archive.read_bytes()
    with zipfile.ZipFile(archive) as jar:
        assert jar.read("BOOT-INF/classes/App.class") == b"the program"
        assert json.loads(jar.read("release.json"))["version"] == "1.0.0"
        assert b"no_such_table" in jar.read("migrations/0004_fails.sql")
        assert jar.read("migrations/rollback/0004_fails.down.sql") == back.read_bytes()
