"""Bad input to the command line gives one clear error, and nothing is touched."""

import os
import socket
import sys
from pathlib import Path

import pytest

from localcloud import ports
from localcloud.__main__ import main
from localcloud.engine import binary
from localcloud.standins.aws import mirror


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a run would put its things; caches are empty, and the port is nobody's."""
    monkeypatch.setenv("GROUNDWORK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GROUNDWORK_PORT", str(ports.any_free()))
    return tmp_path / "home"


@pytest.fixture
def engine_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found = binary.Engine(Path("/nowhere/pulumi"), "on PATH", None)
    monkeypatch.setattr(binary, "on_path", lambda: found)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "Traceback" not in said
    return said


def test_an_unknown_stack_is_named_with_those_that_exist(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, "--home", str(home), "up", "production")

    assert "no stack production" in said
    assert "dev, local, prod" in said
    assert not home.exists()


def test_a_program_runs_in_a_cloud_only_once_there_is_one(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, "--home", str(home), "run", "pulumi", "--help")

    assert "not up" in said
    assert "make up" in said


@pytest.mark.parametrize("words", ["set groundwork:edge x", "rm groundwork:edge"])
def test_configuration_that_the_next_run_would_forget_is_not_taken(
    home: Path, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    said = refused(capsys, "--home", str(home), "pulumi", "config", *words.split())

    assert "forgotten by the next run" in said
    assert "Edit that file" in said
    assert not home.exists()


def test_a_missing_terraform_provider_is_named_with_every_file_looked_for(
    home: Path,
    tmp_path: Path,
    engine_found: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mirror, "mirrors", lambda: [tmp_path / "here", tmp_path / "there"])

    said = refused(capsys, "--home", str(home), "up")

    assert f"Terraform AWS provider {mirror.VERSION}" in said
    assert str(tmp_path / "here") in said
    assert str(tmp_path / "there") in said
    assert not home.exists()


def test_a_port_in_use_is_named_with_its_holder(
    home: Path,
    engine_found: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("GROUNDWORK_PORT", str(port))

        said = refused(capsys, "--home", str(home), "up")

    assert f"Port {port} is in use by process {os.getpid()}" in said
    assert "GROUNDWORK_PORT" in said
    assert not home.exists()


@pytest.mark.parametrize("given", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(
    given: str, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDWORK_PORT", given)

    said = refused(capsys, "--home", str(home), "up")

    assert repr(given) in said
    assert not home.exists()


def test_without_an_engine_and_without_go_both_are_named(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binary, "official_reachable", lambda: False)
    monkeypatch.setenv("PATH", "/nowhere")

    said = refused(capsys, "--home", str(home), "up")

    assert "Pulumi CLI is not installed" in said
    assert "Install Go 1.26 or newer" in said
    assert not home.exists()


def test_a_go_that_is_too_old_is_refused(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "bin" / "go"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho go1.19.8\n")
    old.chmod(0o755)
    monkeypatch.setattr(binary, "official_reachable", lambda: False)
    monkeypatch.setenv("PATH", f"{old.parent}:/bin")

    said = refused(capsys, "--home", str(home), "up")

    assert f"{old} is go1.19.8: too old" in said


def test_settings_that_cannot_be_read_are_all_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: x\nruntime: python\n")
    (tmp_path / "Pulumi.local.yaml").write_text("config: [unclosed\n")

    said = refused(capsys, "--project", str(tmp_path), "up")

    assert "Pulumi.local.yaml is no valid YAML" in said
    assert not (tmp_path / ".local").exists()


def test_down_with_nothing_up_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(home), "down"]) == 0
    assert "Nothing is up" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["up", "down", "status", "preview"])
def test_a_stack_that_there_is_not_is_named_and_nothing_is_taken_away(
    home: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    home.mkdir(parents=True, exist_ok=True)
    kept = home / "kept"
    kept.touch()

    said = refused(capsys, "--home", str(home), command, "prdo")

    assert "There is no stack prdo" in said
    assert "dev, local, prod" in said
    assert kept.exists()


def test_a_preview_on_aws_without_a_backend_says_what_is_missing(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)

    assert "PULUMI_BACKEND_URL" in refused(capsys, "--home", str(home), "preview", "prod", "--aws")


@pytest.mark.parametrize("command", ["up", "down", "status", "preview", "doctor"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])

    assert ended.value.code == 0
    assert f"python -m localcloud {command}" in capsys.readouterr().out


def test_doctor_says_the_command_for_what_is_missing(
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mirror, "mirrors", lambda: [tmp_path / "here"])
    monkeypatch.setattr(binary, "official_reachable", lambda: False)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))

    assert main(["--home", str(home), "doctor"]) == 1

    said = capsys.readouterr().out
    assert "MISSING" in said
    assert "terraform init" in said.replace("\n", " ")
