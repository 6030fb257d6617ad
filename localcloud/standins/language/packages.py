"""Which plugins a program needs: those that its installed Python packages name."""

import base64
import json
import re
from typing import Any

from localcloud.standins.language.toolchain import Toolchain
from localcloud.standins.rpc import plugin_pb2

# Runs in the project's environment, so it uses nothing but the standard library.
LIST_PACKAGES = """
import importlib.metadata, json, os
rows = []
for found in importlib.metadata.distributions():
    name = found.metadata["Name"]
    if name:
        path = found.locate_file(os.path.join(name.replace("-", "_"), "pulumi-plugin.json"))
        rows.append([name, found.version, open(path).read() if os.path.isfile(path) else None])
print(json.dumps(rows))
"""

PEP440 = re.compile(
    r"(?P<release>\d+(?:\.\d+){0,2})(?:(?P<phase>a|b|rc)(?P<number>\d+))?"
    r"(?:\.post(?P<post>\d+))?(?:\.dev(?P<dev>\d+))?"
)
PHASES = {"a": "alpha", "b": "beta", "rc": "rc"}

NO_PLUGIN = {"pulumi", "pulumi-policy"}


def installed(toolchain: Toolchain) -> list[tuple[str, str, str | None]]:
    """Name, version and plugin description of each package in the project's environment."""
    rows = json.loads(toolchain.capture(LIST_PACKAGES))
    return sorted((name, version, plugin) for name, version, plugin in rows)


def semantic_version(text: str) -> str | None:
    """A Python version as the engine writes it; None where it has no such form (an epoch)."""
    found = PEP440.fullmatch(text)
    if found is None:
        return None
    release = [*found["release"].split("."), "0", "0"][:3]
    version = ".".join(release)
    if found["phase"]:
        version += f"-{PHASES[found['phase']]}.{found['number']}"
    build = [f"{word}{found[word]}" for word in ("post", "dev") if found[word]]
    return f"{version}+{''.join(build)}" if build else version


def required_plugins(toolchain: Toolchain) -> list[Any]:
    """One `PackageDependency` for each package that comes with a provider."""
    required: list[Any] = []
    for name, version, text in installed(toolchain):
        plain_name = name.lower().replace("_", "-")
        if plain_name in NO_PLUGIN or not (text or plain_name.startswith("pulumi-")):
            continue
        plugin: dict[str, Any] = json.loads(text) if text else {"resource": True}
        wanted = plugin.get("version") or semantic_version(version)
        if not plugin.get("resource") or not wanted:
            continue
        dependency = plugin_pb2.PackageDependency(
            name=plugin.get("name") or plain_name.removeprefix("pulumi-"),
            kind="resource",
            version=f"v{wanted.removeprefix('v')}",
            server=plugin.get("server", ""),
        )
        if parameterization := plugin.get("parameterization"):
            dependency.parameterization.name = parameterization["name"]
            dependency.parameterization.version = parameterization["version"]
            value = base64.b64decode(parameterization.get("value", ""))
            dependency.parameterization.value = value
        required.append(dependency)
    return required
