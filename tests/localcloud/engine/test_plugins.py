"""Plugins lie where the engine looks for them, under the versions that the SDKs ask for."""

import importlib.metadata
import subprocess
from pathlib import Path

import pytest

from localcloud.engine import plugins
from localcloud.engine.binary import Engine
from localcloud.engine.plugins import Plugin
from localcloud.error import LocalCloudError
from localcloud.paths import ROOT, Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(ROOT, tmp_path / "home")


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    path = tmp_path / "cache" / "pulumi"
    path.parent.mkdir()
    path.write_bytes(b"engine")
    return Engine(path, "built", None)


def test_versions_are_those_of_the_installed_sdks() -> None:
    found = {plugin.name: plugin.version for plugin in plugins.required()}

    expected = {name: importlib.metadata.version(f"pulumi-{name}") for name in plugins.STANDINS}
    assert found == expected


def test_every_plugin_is_installed_where_the_engine_looks(paths: Paths, engine: Engine) -> None:
    origins = plugins.install(engine, paths, official=False, say=print)

    for plugin in plugins.required():
        path = paths.plugins / f"resource-{plugin.name}-v{plugin.version}" / plugin.executable
        assert path.stat().st_mode & 0o111
        assert plugins.is_standin(plugin, paths)
    assert set(origins.values()) == {"stand-in"}
    assert (paths.bin / "pulumi").samefile(engine.path)


def test_on_another_file_system_the_engine_is_copied_once_and_anew_when_it_has_changed(
    paths: Paths, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands run side by side: a copy for each would be put in the place of one that runs."""

    def another_file_system(*_: object) -> None:
        raise OSError("Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", another_file_system)
    copy = paths.bin / "pulumi"

    plugins.install(engine, paths, official=False, say=print)
    first = copy.stat().st_ino
    plugins.install(engine, paths, official=False, say=print)
    assert copy.stat().st_ino == first

    engine.path.write_bytes(b"a newer engine")
    plugins.install(engine, paths, official=False, say=print)
    assert copy.read_bytes() == b"a newer engine"
    assert [path.name for path in paths.bin.iterdir() if path.name.startswith(".")] == []


def test_an_official_plugin_is_never_replaced(paths: Paths, engine: Engine) -> None:
    plugin = next(plugin for plugin in plugins.required() if plugin.name == "random")
    path = paths.plugins / plugin.folder / plugin.executable
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\x7fELF" + bytes(10_000))

    origins = plugins.install(engine, paths, official=False, say=print)

    assert origins["random"] == "official"
    assert path.stat().st_size > 10_000


def test_a_plugin_that_nothing_stands_in_for_is_named(
    paths: Paths, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins, "required", lambda: [Plugin("kubernetes", "4.1.0")])

    with pytest.raises(LocalCloudError, match=r"kubernetes 4\.1\.0"):
        plugins.install(engine, paths, official=False, say=print)


def test_a_shim_runs_its_module_whatever_the_environment_says(tmp_path: Path) -> None:
    """The engine gives plugins the person's environment, PYTHONPATH and folder included."""
    shim = tmp_path / "with a space" / "shim"
    plugins._write_shim(shim, "localcloud.standins.serving")
    (tmp_path / "localcloud").mkdir()
    (tmp_path / "localcloud" / "__init__.py").write_text("raise SystemExit('the wrong one')")

    done = subprocess.run(
        [shim],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/bin:/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
