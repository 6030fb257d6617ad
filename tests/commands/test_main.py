"""The commands' one way in: what is asked for wrongly is said in a line, and nothing is done."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from commands import connect
from commands.__main__ import COMMANDS, Said, main, parsed
from localcloud.paths import ROOT
from tests.commands.stand_in import EngineStandIn


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(words) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_says_how_it_is_used(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])

    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "STACK" in said
    assert f"For example: python -m commands {name} prod" in " ".join(said.split())


@pytest.mark.parametrize(("name", "said"), COMMANDS.items())
def test_each_example_is_taken_as_it_stands(name: str, said: Said) -> None:
    assert parsed([name, "prod", *said.example.split()]).stack == "prod"


def test_an_unknown_stack_is_named_with_those_that_exist(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refused(capsys, "connect", "production")

    assert "no stack production" in said
    assert "dev, local, prod" in said


def test_a_missing_engine_is_said_with_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROUNDWORK_ENGINE", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")

    said = refused(capsys, "connect", "prod")

    assert "pulumi is not on PATH" in said
    assert "docs/guide.md" in said


def test_the_local_stack_has_an_engine_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROUNDWORK_ENGINE", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")

    assert "python -m localcloud run" in refused(capsys, "connect", "local")


@pytest.mark.parametrize(
    "words", [("publish", "prod", "ai-photo", "1.0", "x.tar.gz"), ("logs", "prod", "ai-photo")]
)
def test_a_fault_in_an_application_file_is_said_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    shutil.copytree(ROOT / "apps", tmp_path / "apps")
    shutil.copy(ROOT / "Pulumi.prod.yaml", tmp_path)
    path = tmp_path / "apps" / "ai-photo.yaml"
    path.write_text(path.read_text().replace("title:", "titel:"))

    assert main(words, tmp_path) == 1
    said = capsys.readouterr().err
    assert "apps/ai-photo.yaml: titel is not a key; did you mean title?" in said
    assert "Nothing has been touched." in said


def test_what_the_engine_refuses_is_passed_on(
    engine: EngineStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.answer("stack", "output", says="error: no stack named 'prod' found", code=255)

    assert "no stack named 'prod' found" in refused(capsys, "connect", "prod")


def test_a_stack_that_is_not_up_is_said_with_how_to_bring_it_up(
    engine: EngineStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.answer("stack", "output", says={})

    assert "make deploy STACK=prod" in refused(capsys, "connect", "prod")


def test_no_command_needs_the_local_cloud_or_the_program() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            "import sys, importlib, commands.__main__ as m\n"
            "for name in m.COMMANDS:\n"
            "    importlib.import_module('commands.' + name.replace('-', '_'))\n"
            "print([n for n in sys.modules if n.split('.')[0] in "
            "('localcloud', 'pulumi', 'components', 'boto3')])",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"


def test_a_command_for_a_host_stands_behind_two_dashes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, list[str]]] = []

    def run(stack: object, given: argparse.Namespace) -> int:
        asked.append((given.host, given.words))
        return 0

    monkeypatch.setattr(connect, "run", run)

    assert main(["connect", "local", "--host", "web-a1", "--", "ls", "-l"]) == 0
    assert main(["connect", "local"]) == 0
    assert asked == [("web-a1", ["ls", "-l"]), ("operations", [])]


def test_other_commands_take_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["status", "local", "--", "ls"])
    assert "takes no command after --" in capsys.readouterr().err
