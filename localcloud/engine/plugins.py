"""The plugins in the cache of our own PULUMI_HOME, under the exact versions the program asks for.

Official ones where they can be downloaded, else stand-ins: an executable that starts a module of
`localcloud.standins` in this environment.
"""

import importlib.metadata
import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from localcloud import whole_file
from localcloud.engine.binary import ENGINE, LANGUAGE_HOST, Engine, Say
from localcloud.error import LocalCloudError
from localcloud.paths import ROOT, Paths

# Plugin name → the module that stands in for it.
STANDINS = {
    "aws": "localcloud.standins.aws",
    "command": "localcloud.standins.command",
    "docker": "localcloud.standins.docker",
    "random": "localcloud.standins.random",
}
LANGUAGE_STANDIN = "localcloud.standins.language"

DOWNLOAD_TIMEOUT = 600.0


@dataclass(frozen=True)
class Plugin:
    """A resource plugin that an installed Python package names."""

    name: str
    version: str

    @property
    def folder(self) -> str:
        return f"resource-{self.name}-v{self.version}"

    @property
    def executable(self) -> str:
        return f"pulumi-resource-{self.name}"


def required() -> list[Plugin]:
    """One for each installed package that comes with a provider, by the package's own word."""
    found: dict[str, Plugin] = {}
    for package in importlib.metadata.distributions():
        name = package.metadata["Name"]
        described = Path(str(package.locate_file(name.replace("-", "_")))) / "pulumi-plugin.json"
        if not described.exists():
            continue
        plugin = json.loads(described.read_text())
        if plugin.get("resource"):
            version = str(plugin.get("version") or package.version)
            named = str(plugin.get("name") or name.removeprefix("pulumi-"))
            found[named] = Plugin(named, version.removeprefix("v"))
    return [found[name] for name in sorted(found)]


def install(engine: Engine, paths: Paths, *, official: bool, say: Say) -> dict[str, str]:
    """Every plugin in place; returns where each came from."""
    _put_engine(engine, paths)
    origins = {LANGUAGE_HOST: "official"}
    if engine.language_host is None:
        _write_shim(paths.bin / LANGUAGE_HOST, LANGUAGE_STANDIN)
        origins[LANGUAGE_HOST] = "stand-in"
    else:
        _link(engine.language_host, paths.bin / LANGUAGE_HOST)
    for plugin in required():
        origins[plugin.name] = _install(plugin, paths, official=official, say=say)
    return origins


def is_standin(plugin: Plugin, paths: Paths) -> bool:
    path = paths.plugins / plugin.folder / plugin.executable
    return path.exists() and path.stat().st_size < MAX_SHIM and path.read_bytes()[:2] == b"#!"


# An official plugin is a binary of many megabytes.
MAX_SHIM = 4096


def _install(plugin: Plugin, paths: Paths, *, official: bool, say: Say) -> str:
    target = paths.plugins / plugin.folder / plugin.executable
    if target.exists() and not is_standin(plugin, paths):
        return "official"
    if official and _download(plugin, paths):
        return "official"
    module = STANDINS.get(plugin.name)
    if module is None:
        raise LocalCloudError(
            f"The program needs the plugin {plugin.name} {plugin.version}, which cannot be "
            "downloaded here, and nothing stands in for it.",
            f"Stand-ins exist for {', '.join(STANDINS)}.",
        )
    _write_shim(target, module)
    return "stand-in"


def _download(plugin: Plugin, paths: Paths) -> bool:
    done = subprocess.run(
        [paths.bin / ENGINE, "plugin", "install", "resource", plugin.name, plugin.version],
        env={
            "PULUMI_HOME": str(paths.pulumi_home),
            "PATH": str(paths.bin),
            "HOME": str(paths.home),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=DOWNLOAD_TIMEOUT,
        check=False,
    )
    return done.returncode == 0


def _put_engine(engine: Engine, paths: Paths) -> None:
    _link(engine.path, paths.bin / ENGINE)


def _link(source: Path, target: Path) -> None:
    """By a hard link where possible: the engine looks for its language host beside itself."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and _is_of(source, target):
        return
    # Of this process alone: commands run side by side.
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.new")
    unfinished.unlink(missing_ok=True)
    try:
        unfinished.hardlink_to(source)
    except OSError:  # another file system
        shutil.copy2(source, unfinished)
    unfinished.replace(target)


def _is_of(source: Path, target: Path) -> bool:
    """The same file, or a whole copy, which keeps the time of the last change."""
    one, other = source.stat(), target.stat()
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)


def _write_shim(target: Path, module: str) -> None:
    """Isolated (-I), so that nobody's PYTHONPATH or working directory changes what is loaded."""
    start = (
        f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); "
        f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    text = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -u -c {shlex.quote(start)} "$@"\n'
    if target.exists() and target.read_text(errors="replace") == text:
        return
    whole_file.write(target, text, mode=0o755)
