"""Programs run in the Python that the project names, and say which plugins they need."""

import importlib.metadata
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from google.protobuf import struct_pb2

from localcloud.standins.language import __main__ as host
from localcloud.standins.language import packages, program
from localcloud.standins.language.packages import semantic_version
from localcloud.standins.language.toolchain import Toolchain, ToolchainError


def info(root: Path, **options: str) -> SimpleNamespace:
    struct = struct_pb2.Struct()
    struct.update(options)
    return SimpleNamespace(root_directory=str(root), program_directory=str(root), options=struct)


@pytest.mark.parametrize(
    ("python", "engine"),
    [
        ("4.21.4", "4.21.4"),
        ("3.2", "3.2.0"),
        ("7", "7.0.0"),
        ("1.0.0a3", "1.0.0-alpha.3"),
        ("1.0.0b1", "1.0.0-beta.1"),
        ("2.0.0rc2", "2.0.0-rc.2"),
        ("2.0.0.post1", "2.0.0+post1"),
        ("2.0.0.dev7", "2.0.0+dev7"),
        ("1!2.0.0", None),
        ("2.0.0+local", None),
    ],
)
def test_versions_are_written_as_the_engine_reads_them(python: str, engine: str | None) -> None:
    assert semantic_version(python) == engine


def test_the_plugins_of_the_installed_packages_are_asked_for(tmp_path: Path) -> None:
    toolchain = Toolchain(info(tmp_path, virtualenv=sys.prefix))

    required = {plugin.name: plugin.version for plugin in packages.required_plugins(toolchain)}

    assert required == {
        name: f"v{importlib.metadata.version(f'pulumi-{name}')}"
        for name in ("aws", "command", "docker", "random")
    }


def test_the_named_environment_runs_the_program(tmp_path: Path) -> None:
    python = tmp_path / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)

    toolchain = Toolchain(info(tmp_path, virtualenv="env"))

    assert toolchain.python() == str(python)
    environment = toolchain.environment({"PATH": "/bin", "PYTHONHOME": "/elsewhere"})
    assert environment == {
        "PATH": f"{tmp_path}/env/bin:/bin",
        "VIRTUAL_ENV": f"{tmp_path}/env",
    }


def test_an_environment_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="env/bin/python"):
        Toolchain(info(tmp_path, virtualenv="env")).python()


def test_a_toolchain_that_is_not_known_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="'poetry'"):
        Toolchain(info(tmp_path, toolchain="poetry"))


def test_both_sides_agree_on_how_a_shown_failure_is_told() -> None:
    assert host.ALREADY_REPORTED == program.ALREADY_REPORTED


def test_a_failure_shows_the_program_and_not_what_runs_it(tmp_path: Path) -> None:
    script = tmp_path / "__main__.py"
    script.write_text("def f():\n    raise ValueError('seven')\nf()\n")
    shown = ""
    try:
        exec(compile(script.read_text(), str(script), "exec"), {})  # noqa: S102 - as runpy does
    except ValueError:
        shown = program.own_traceback(str(tmp_path))

    assert "ValueError: seven" in shown
    assert str(script) in shown
    assert __file__ not in shown
