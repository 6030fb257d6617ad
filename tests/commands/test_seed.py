"""What works on a database from the operations instance, as a person asks for it."""

import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from commands import rollback, seed
from commands.__main__ import main
from commands.artifacts import Artifacts
from commands.stack import Stack
from localcloud.paths import ROOT
from tests.commands.stand_in import EngineStandIn

APP = "threed-generator"


class Operations:
    """The operations instance: what its release program was asked, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails: set[str] = set()

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        asked = " ".join(words[len(seed.TURN) :])
        assert words[: len(seed.TURN)] == seed.TURN
        self.asked.append(asked)
        code = int(any(each in asked for each in self.fails))
        return subprocess.CompletedProcess(words, code, "", "no way\n" if code else "done\n")


@pytest.fixture
def operations(monkeypatch: pytest.MonkeyPatch) -> Operations:
    made = Operations()

    @contextmanager
    def way_to(stack: Stack) -> Generator[Operations]:
        yield made

    monkeypatch.setattr(seed, "way_to", way_to)
    monkeypatch.setattr(rollback, "way_to", way_to)
    monkeypatch.setattr(Artifacts, "refuse_missing", lambda *_: None)
    return made


@pytest.fixture
def root(tmp_path: Path, engine: EngineStandIn) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    for path in ROOT.glob("Pulumi.*yaml"):
        shutil.copy(path, folder)
    shutil.copytree(ROOT / "apps", folder / "apps")
    engine.answer("preview", "--json", says={"steps": []})
    engine.answer("up")
    return folder


def with_seed(root: Path) -> None:
    file = root / f"apps/{APP}.yaml"
    document = yaml.safe_load(file.read_text())
    document["migration"]["seed"] = "node --run seed"
    file.write_text(yaml.safe_dump(document))


def durable(root: Path) -> None:
    file = root / "Pulumi.local.yaml"
    file.write_text(file.read_text().replace("durable: false", "durable: true"))


def test_a_seed_is_asked_of_the_version_that_serves(root: Path, operations: Operations) -> None:
    with_seed(root)

    assert main(["seed", "local", APP], root) == 0
    assert main(["seed", "local", APP, "--again"], root) == 0

    assert operations.asked == [f"seed {APP} 1.0.0", f"seed {APP} 1.0.0 --again"]


def test_a_durable_stack_is_seeded_only_where_somebody_says_its_name(
    root: Path, operations: Operations, capsys: pytest.CaptureFixture[str]
) -> None:
    with_seed(root)
    durable(root)

    assert main(["seed", "local", APP], root) == 1
    assert "CONFIRM=local" in capsys.readouterr().err
    assert operations.asked == []
    assert main(["seed", "local", APP, "--confirm", "local"], root) == 0


def test_an_application_without_a_seed_says_so(
    root: Path, operations: Operations, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["seed", "local", APP], root) == 1

    assert "migration.seed in apps/threed-generator.yaml" in capsys.readouterr().err
    assert operations.asked == []


BACK = f"down {APP} 1.0.0 --target 0001 --kept 0.9.0"


def go_back(root: Path) -> int:
    words = ["rollback", "local", APP, "--to", "0.9.0", "--database", "0001", "--yes"]
    return main(words, root)


def test_the_database_goes_back_after_the_older_version_serves(
    root: Path, operations: Operations, engine: EngineStandIn
) -> None:
    moves: list[str] = []
    release = rollback.release

    def recorded(*given: object, **more: object) -> int:
        moves.extend([*operations.asked, "release"])
        return 0

    rollback.release = recorded  # type: ignore[assignment]
    try:
        assert go_back(root) == 0
    finally:
        rollback.release = release

    assert moves == [f"{BACK} --plan", "release"]
    assert operations.asked == [f"{BACK} --plan", BACK]


def test_a_way_back_that_is_missing_leaves_the_release_alone(
    root: Path, operations: Operations, engine: EngineStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    operations.fails.add("--plan")

    assert go_back(root) == 1

    assert "no way\n" in capsys.readouterr().out
    assert engine.asked == []
    assert operations.asked == [f"{BACK} --plan"]


def test_a_release_that_fails_leaves_the_database_alone(
    root: Path, operations: Operations, engine: EngineStandIn
) -> None:
    engine.answer("preview", "--json", says="{}", code=1)
    engine.answer("preview", code=1)

    assert go_back(root) == 1

    assert operations.asked == [f"{BACK} --plan"]
