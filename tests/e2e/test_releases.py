"""Releases as a person makes them on the local stack: good, refused, bad, rolled back."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.paths import ROOT
from tests.e2e.cloud import STACK_FILE, Cloud

APP = "threed-generator"


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
    platform.expect("publish", APP, "1.0.1")

    said = platform.expect_command("release", "local", APP, "1.0.1", "--yes")

    assert f"{APP} on local: 1.0.0 → 1.0.1" in said
    assert f"{APP}: 1.0.1" in stack_file.read_text()
    assert {serving(platform, host) for host in hosts} == {"releases/1.0.1"}

    said = platform.expect_command("rollback", "local", APP, "--yes")

    assert f"{APP} on local: 1.0.1 → 1.0.0" in said
    assert {serving(platform, host) for host in hosts} == {"releases/1.0.0"}
    assert "Nothing to change" in platform.expect("up")


@pytest.mark.long
def test_a_bad_version_leaves_the_old_one_and_the_file_as_they_were(
    platform: Cloud, first_up: str, stack_file: Path, tmp_path: Path
) -> None:
    assert first_up
    before = stack_file.read_text()
    packed = subprocess.run(
        [
            *(sys.executable, "-m", "tests.apps.pack", APP, "--out", str(tmp_path)),
            *("--unwell", "web", "1.1.0"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for file in packed:
        if file.endswith(".tar.gz"):
            part = Path(file).name.partition(".")[0]
            platform.expect_command("publish", "local", APP, "1.1.0", file, "--part", part)

    done = platform.command("release", "local", APP, "1.1.0", "--yes")

    assert done.returncode == 1
    assert "1.0.0 goes on serving" in done.stdout
    assert stack_file.read_text() == before
    assert serving(platform, "web-a1") == "releases/1.0.0"
    assert platform.run("up").returncode == 0
