"""A rotation goes step by step, each one an update of its own, and goes on where it stopped."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands.__main__ import main
from commands.stack_file import with_rotation
from localcloud.paths import ROOT
from tests.commands.stand_in import EngineStandIn

APP = "threed-generator"
JWT = "JWT_SECRET"


@pytest.fixture
def root(tmp_path: Path, engine: EngineStandIn, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of the local stack, which is as its file says."""
    folder = tmp_path / "root"
    folder.mkdir()
    for path in ROOT.glob("Pulumi.*yaml"):
        shutil.copy(path, folder)
    shutil.copytree(ROOT / "apps", folder / "apps")
    monkeypatch.delenv("CI", raising=False)
    engine.answer("preview", "--json", says={"steps": []})
    engine.answer("up")
    return folder


def stands(root: Path, of: str = JWT) -> dict[str, Any]:
    config = yaml.safe_load((root / "Pulumi.local.yaml").read_text())["config"]
    return config.get("groundwork:rotations", {}).get(APP, {}).get(of, {})


def rotate(root: Path, of: str = JWT, *more: str) -> int:
    return main(["rotate", "local", APP, of, "--yes", *more], root)


def verbs(engine: EngineStandIn) -> list[str]:
    return [words[0] for words in engine.asked]


def test_a_key_is_announced_and_then_signs(engine: EngineStandIn, root: Path) -> None:
    assert rotate(root) == 0

    assert verbs(engine) == ["preview", "up", "up"]
    assert all("--policy-pack" in words for words in engine.asked)
    assert {key: stands(root)[key] for key in ("current", "accepted")} == {
        "current": 2,
        "accepted": 1,
    }


def test_a_step_that_failed_is_done_again_before_the_next(
    engine: EngineStandIn, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.answer("up", code=1)
    assert rotate(root) == 1
    assert "run the same again" in capsys.readouterr().err
    assert stands(root) == {"current": 1, "accepted": 2}

    engine.answer("up")
    assert rotate(root) == 0

    assert verbs(engine) == ["preview", "up", "up", "up"]
    assert stands(root)["current"] == 2


def test_a_user_of_a_database_gives_way_to_the_other_and_is_shut_out(
    engine: EngineStandIn, root: Path
) -> None:
    assert rotate(root, "stores.main.prod_user") == 0

    assert verbs(engine) == ["preview", "up", "up", "up"]
    after = stands(root, "stores.main.prod_user")
    assert (after["current"], after["accepted"]) == (2, 0)


@pytest.mark.parametrize(
    ("stood", "ups"), [({"current": 1, "accepted": 2}, 3), ({"current": 2, "accepted": 1}, 2)]
)
def test_a_user_that_has_not_taken_over_whole_goes_on_where_it_stopped(
    engine: EngineStandIn, root: Path, stood: dict[str, int], ups: int
) -> None:
    file = root / "Pulumi.local.yaml"
    file.write_text(with_rotation(file.read_text(), APP, "stores.main.prod_user", stood))

    assert rotate(root, "stores.main.prod_user") == 0

    assert verbs(engine) == ["up"] * ups
    after = stands(root, "stores.main.prod_user")
    assert (after["current"], after["accepted"]) == (2, 0)


def test_what_the_last_key_signed_stays_valid_unless_it_has_leaked(
    engine: EngineStandIn, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rotate(root)
    before = (root / "Pulumi.local.yaml").read_text()

    assert rotate(root) == 1
    assert "would log people out" in capsys.readouterr().err
    assert (root / "Pulumi.local.yaml").read_text() == before
    assert rotate(root, "JWT_SECRET", "--early") == 0
    assert stands(root)["current"] == 3


def test_a_stack_that_would_change_in_more_is_brought_up_first(
    engine: EngineStandIn, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    urn = "urn:pulumi:local::groundwork::aws:s3/bucket:Bucket::another"
    engine.answer("preview", "--json", says={"steps": [{"op": "create", "urn": urn}]})
    before = (root / "Pulumi.local.yaml").read_text()

    assert rotate(root) == 1

    assert "create aws:s3/bucket:Bucket another" in capsys.readouterr().err
    assert verbs(engine) == ["preview"]
    assert (root / "Pulumi.local.yaml").read_text() == before


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("NEXTAUTH_SECRET", "is one key, not two"),
        ("HUNYUAN_API_KEY", "pulumi config set --secret"),
        ("stores.main.nobody", "has nothing to rotate that is called stores.main.nobody"),
        ("stores.main.generator_owner", "has nothing to rotate"),
    ],
)
def test_what_cannot_be_rotated_is_said_and_nothing_is_asked_of_the_engine(
    engine: EngineStandIn, root: Path, capsys: pytest.CaptureFixture[str], secret: str, why: str
) -> None:
    assert rotate(root, secret) == 1

    assert why in capsys.readouterr().err
    assert engine.asked == []


def test_without_anybody_to_ask_nothing_is_rotated(engine: EngineStandIn, root: Path) -> None:
    assert main(["rotate", "local", APP, "JWT_SECRET"], root) == 1

    assert verbs(engine) == ["preview"]
    assert stands(root) == {}
