"""A release changes one version and nothing else, or nothing at all."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from commands import release as module
from commands import rollback
from commands.__main__ import main
from commands.artifacts import Artifacts
from commands.changes import Step
from commands.error import CommandError
from commands.stack import Stack, stack
from localcloud.paths import ROOT
from tests.commands.stand_in import EngineStandIn

APP = "threed-generator"
HOSTS = "urn:pulumi:local::groundwork::groundwork:hosts:Release"
COMMAND = f"{HOSTS}$command:remote:Command"


def step(operation: str, urn: str, parent: str) -> dict[str, Any]:
    return {"op": operation, "urn": urn, "newState": {"parent": parent}}


def release_step(action: str, host: str, application: str = APP) -> dict[str, Any]:
    urn = f"{COMMAND}::{application}-{action}-{host}"
    return step("update", urn, f"{HOSTS}::{application}")


PLANNED = [release_step("stage", "web-a1"), release_step("switch", "web-a1")]


@pytest.fixture
def root(tmp_path: Path, engine: EngineStandIn, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of the local stack, where a test may change them; every version is published."""
    folder = tmp_path / "root"
    folder.mkdir()
    for path in ROOT.glob("Pulumi.*yaml"):
        shutil.copy(path, folder)
    shutil.copytree(ROOT / "apps", folder / "apps")
    monkeypatch.setattr(Artifacts, "refuse_missing", lambda *_: None)
    monkeypatch.delenv("CI", raising=False)
    engine.answer("preview", "--json", says={"steps": PLANNED})
    engine.answer("up")
    return folder


@pytest.fixture
def file(root: Path) -> Path:
    return root / "Pulumi.local.yaml"


def verbs(engine: EngineStandIn) -> list[str]:
    return [words[0] for words in engine.asked]


def test_a_release_previews_with_the_policies_and_then_changes(
    engine: EngineStandIn, root: Path, file: Path
) -> None:
    before = file.read_text()

    assert main(["release", "local", APP, "1.0.1", "--yes"], root) == 0

    assert verbs(engine) == ["preview", "up"]
    assert all("--policy-pack" in words for words in engine.asked)
    assert file.read_text() == before.replace(f"{APP}: 1.0.0", f"{APP}: 1.0.1")


def test_outside_of_its_hours_what_migrates_is_refused_unless_somebody_insists(
    engine: EngineStandIn, root: Path, file: Path
) -> None:
    # A minute that is over as it begins: no hour is within.
    text = file.read_text()
    window = '  groundwork:migration_window: "03:00-03:00"\n'
    file.write_text(text.replace("config:\n", f"config:\n{window}"))
    before = file.read_text()

    assert main(["release", "local", APP, "1.0.1", "--yes"], root) == 1
    assert engine.asked == []
    assert file.read_text() == before

    assert main(["release", "local", APP, "1.0.1", "--yes", "--now"], root) == 0
    assert verbs(engine) == ["preview", "up"]


def test_a_version_that_is_not_published_is_refused_before_anything(
    engine: EngineStandIn, root: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise CommandError("not published")

    monkeypatch.setattr(Artifacts, "refuse_missing", missing)
    before = file.read_text()

    assert main(["release", "local", APP, "9.9.9", "--yes"], root) == 1
    assert engine.asked == []
    assert file.read_text() == before


@pytest.mark.parametrize(
    "other",
    [
        release_step("switch", "web-a1", application="notebook"),
        step("update", "urn:pulumi:local::groundwork::aws:rds/instance:Instance::main", ""),
        step(
            "update",
            f"urn:pulumi:local::groundwork::command:remote:Command::{APP}",
            f"urn:pulumi:local::groundwork::groundwork:hosts:HostConfiguration::{APP}",
        ),
        step(
            "update",
            f"urn:pulumi:local::groundwork::aws:iam/role:Role::{APP}-api",
            f"urn:pulumi:local::groundwork::groundwork:compute:FargateService::{APP}-api",
        ),
    ],
)
def test_a_preview_that_shows_more_than_the_release_is_refused(
    engine: EngineStandIn,
    root: Path,
    file: Path,
    other: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = file.read_text()
    engine.answer("preview", "--json", says={"steps": [*PLANNED, other]})

    assert main(["release", "local", APP, "1.0.1", "--yes"], root) == 1

    said = capsys.readouterr().err
    assert other["urn"].rpartition("::")[2] in said
    assert "switch-web-a1" not in said.replace(other["urn"].rpartition("::")[2], "")
    assert "make up STACK=local" in said
    assert verbs(engine) == ["preview"]
    assert file.read_text() == before


@pytest.mark.parametrize(
    "kind", ["aws:ecs/taskDefinition:TaskDefinition", "aws:ecs/service:Service"]
)
def test_on_ecs_a_release_is_a_task_definition_and_its_service(kind: str) -> None:
    parent = f"urn:pulumi:prod::groundwork::groundwork:compute:FargateService::{APP}-api"

    assert module.is_of(Step("replace", kind, f"{APP}-api", parent), APP)
    assert not module.is_of(Step("replace", kind, "notebook-api", parent), "notebook")


def test_a_preview_that_fails_is_shown_in_words_and_changes_nothing(
    engine: EngineStandIn,
    root: Path,
    file: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = file.read_text()
    engine.answer("preview", says="rds-multi-az: a database without a standby", code=1)
    engine.answer("preview", "--json", says="{}", code=1)

    assert main(["release", "local", APP, "1.0.1", "--yes"], root) == 1
    said = capfd.readouterr()
    assert "rds-multi-az" in said.out
    assert "nothing was changed" in said.err
    assert "up" not in verbs(engine)
    assert file.read_text() == before


def test_a_run_that_fails_leaves_the_file_as_it_was_and_says_what_serves(
    engine: EngineStandIn, root: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = file.read_text()
    engine.answer("up", code=255)

    assert main(["release", "local", APP, "1.0.1", "--yes"], root) == 1
    said = capsys.readouterr().err
    assert "1.0.0 goes on serving" in said
    assert "make status STACK=local" in said
    assert file.read_text() == before


def test_an_answer_that_is_no_yes_changes_nothing(
    engine: EngineStandIn, root: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = file.read_text()
    monkeypatch.setattr(module, "agreed", lambda _, yes: False)

    assert main(["release", "local", APP, "1.0.1"], root) == 1
    assert verbs(engine) == ["preview"]
    assert file.read_text() == before


def test_without_anybody_to_ask_it_wants_to_be_told(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", (root / "Pulumi.yaml").open())

    assert main(["release", "local", APP, "1.0.1"], root) == 1
    assert "--yes" in capsys.readouterr().err


def test_ci_is_not_asked(
    engine: EngineStandIn, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")

    assert main(["release", "local", APP, "1.0.1"], root) == 0
    assert verbs(engine) == ["preview", "up"]


def test_what_serves_already_is_no_release(engine: EngineStandIn, root: Path) -> None:
    engine.answer("preview", "--json", says={"steps": []})

    assert main(["release", "local", APP, "1.0.0", "--yes"], root) == 0
    assert verbs(engine) == ["preview"]


def test_an_edit_of_a_person_meanwhile_is_not_undone(
    root: Path, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def edits(question: str, *, yes: bool) -> bool:
        file.write_text(file.read_text() + "# mine\n")
        return False

    monkeypatch.setattr(module, "agreed", edits)

    assert main(["release", "local", APP, "1.0.1"], root) == 1
    assert file.read_text().endswith("# mine\n")
    assert "changed meanwhile" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing", "1.0.1"], f"It has {APP}"),
        ([APP, "../1"], "is no version"),
    ],
)
def test_a_wrong_name_is_refused_before_anything(
    engine: EngineStandIn,
    root: Path,
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["release", "local", *words, "--yes"], root) == 1
    assert said in capsys.readouterr().err
    assert engine.asked == []


class _Way:
    """Hosts that remember what served on them."""

    def __init__(self, remembered: Mapping[str, list[str]]) -> None:
        self.remembered = remembered
        self.hosts = {
            host: type("Machine", (), {"pool": host.partition("-")[0]}) for host in remembered
        }

    def __enter__(self) -> "_Way":
        return self

    def __exit__(self, *_: object) -> None:
        return None


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    monkeypatch.setattr(rollback, "way_to", lambda _: _Way(found))
    monkeypatch.setattr(rollback, "history", lambda way, host, _: way.remembered[host])
    return found


def test_a_rollback_goes_to_what_served_before(
    engine: EngineStandIn, root: Path, file: Path, remembered: dict[str, list[str]]
) -> None:
    # web-a2 came with the last release; other pools are other applications'.
    remembered |= {"web-a1": ["0.8.0", "0.9.0", "1.0.0"], "web-a2": ["1.0.0"], "x-a1": ["7"] * 9}

    assert main(["rollback", "local", APP, "--yes"], root) == 0

    assert f"{APP}: 0.9.0" in file.read_text()
    assert verbs(engine) == ["preview", "up"]


def test_a_rollback_to_a_named_version_asks_no_host(
    root: Path, file: Path, remembered: dict[str, list[str]]
) -> None:
    assert not remembered
    assert main(["rollback", "local", APP, "--to", "0.5.0", "--yes"], root) == 0
    assert f"{APP}: 0.5.0" in file.read_text()


def test_where_nothing_served_before_the_version_must_be_named(
    root: Path, remembered: dict[str, list[str]]
) -> None:
    remembered |= {"web-a1": ["1.0.0"]}
    local: Stack = stack("local", root)

    with pytest.raises(CommandError) as refused:
        rollback.previous(local, APP)
    assert "before 1.0.0" in refused.value.what
    assert "TO=" in refused.value.todo
