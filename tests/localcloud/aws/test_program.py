"""Every kind of AWS resource that a platform needs, through the real engine and provider."""

import base64
import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.paths import ROOT
from tests.e2e import cloud
from tests.e2e.cloud import Cloud

pytestmark = pytest.mark.e2e
HERE = Path(__file__).parent
PASSWORD = "correct-horse-battery-41"
QUIET = ("--non-interactive", "--color", "never", "--stack", "local")


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    folder = tmp_path_factory.mktemp("kinds")
    shutil.copytree(HERE / "program", folder / "project")
    with (folder / "project" / "Pulumi.yaml").open("a") as description:
        description.write(f"    virtualenv: {ROOT / '.venv'}\n")
    made = cloud.new(folder / "project", folder)
    yield made
    made.run("down")


@pytest.fixture(scope="module")
def up(kinds: Cloud) -> Cloud:
    kinds.expect("up")
    return kinds


def state(up: Cloud) -> dict[str, Any]:
    text = up.expect("pulumi", "stack", "export", "--stack", "local")
    return json.loads(text[text.index("{") :])


def test_a_second_look_finds_nothing_to_do(up: Cloud) -> None:
    up.expect("pulumi", "preview", "--expect-no-changes", "--diff", *QUIET)


def test_what_is_there_is_what_was_asked_for(up: Cloud) -> None:
    up.expect("pulumi", "refresh", "--yes", "--skip-preview", "--expect-no-changes", *QUIET)


def test_no_secret_is_in_plain_text(up: Cloud) -> None:
    written = (PASSWORD.encode(), base64.b64encode(PASSWORD.encode()))
    files = [file for file in (up.home / "backend").rglob("*") if file.is_file()]
    files += (up.home / "logs").iterdir()

    found = [file for file in files if any(text in file.read_bytes() for text in written)]

    assert len(files) > 3
    assert found == []


def test_default_tags_are_on_every_resource_that_takes_tags(up: Cloud) -> None:
    resources = state(up)["deployment"]["resources"]
    tagged = [r for r in resources if "tagsAll" in r.get("outputs", {})]

    assert len(tagged) > 60
    assert all(r["outputs"]["tagsAll"]["Project"] == "kinds" for r in tagged)


def test_a_killed_control_plane_comes_back_with_everything(up: Cloud) -> None:
    ready = json.loads((up.home / "control_plane" / "state" / "ready.json").read_text())

    os.kill(ready["pid"], signal.SIGKILL)
    up.expect("up")

    up.expect("pulumi", "refresh", "--yes", "--skip-preview", "--expect-no-changes", *QUIET)


def test_a_change_replaces_nothing(up: Cloud) -> None:
    before = {r["urn"]: r.get("id") for r in state(up)["deployment"]["resources"]}
    settings = up.project / "Pulumi.local.yaml"
    settings.write_text(settings.read_text().replace("one", "two"))

    up.expect("up")

    after = {r["urn"]: r.get("id") for r in state(up)["deployment"]["resources"]}
    assert after == before
    up.expect("pulumi", "preview", "--expect-no-changes", "--diff", *QUIET)


def test_everything_can_be_destroyed(up: Cloud) -> None:
    up.expect("down")

    assert up.processes() == []
