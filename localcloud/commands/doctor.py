"""`doctor`: what this machine lacks, and the command for each."""

import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass

from localcloud import paths as places
from localcloud import ports, session, supervisor
from localcloud.engine import binary
from localcloud.error import LocalCloudError
from localcloud.paths import Paths
from localcloud.report import say
from localcloud.standins.aws.mirror import VERSION, ProviderNotFoundError, find_provider

# The engine's module, its build and the machines' image together.
NEEDED_GB = 12
OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One thing a run needs or would like."""

    what: str
    state: str
    ok: bool
    todo: str = ""
    only_for: str = ""
    """Where it is missing, all else works."""


def run(paths: Paths) -> int:
    findings = [check(paths) for check in CHECKS]
    for finding in findings:
        say(_line(finding))
    missing = [finding for finding in findings if not finding.ok and not finding.only_for]
    say(f"{len(missing)} missing." if missing else "Everything that `make up` needs is here.")
    return 1 if missing else 0


def _line(finding: Finding) -> str:
    """In lines, not in a table: a command has to survive being copied."""
    mark = "ok" if finding.ok else "absent" if finding.only_for else "MISSING"
    line = f"{mark:8} {finding.what}: {finding.state}"
    if finding.ok:
        return line
    needed = f" (only {finding.only_for} needs it)" if finding.only_for else ""
    return f"{line}\n{'':8}   to do: {finding.todo}{needed}"


def _python(paths: Paths) -> Finding:
    ok = sys.version_info >= OLDEST_PYTHON
    return Finding("Python", platform.python_version(), ok, "install Python 3.11 or newer")


def _engine(paths: Paths) -> Finding:
    found = binary.on_path() or binary.cached()
    if found is not None:
        return Finding("Pulumi CLI", f"{found.origin}: {found.path}", ok=True)
    if binary.official_reachable():
        return Finding("Pulumi CLI", "will be downloaded", ok=True)
    try:
        return Finding("Pulumi CLI", f"will be built with {binary.go()}", ok=True)
    except LocalCloudError as error:
        return Finding("Pulumi CLI", error.what, ok=False, todo=error.todo)


def _terraform_provider(paths: Paths) -> Finding:
    what = f"Terraform AWS provider {VERSION}"
    try:
        return Finding(what, str(find_provider()), ok=True)
    except ProviderNotFoundError as error:
        state, _, todo = str(error).rpartition("\n")
        return Finding(what, state, ok=False, todo=todo)


def _node(paths: Paths) -> Finding:
    found = shutil.which("node") and shutil.which("npm")
    state = found or "node or npm is not on PATH"
    needed_by = "`make lint`, and packing what hosts run"
    return Finding("Node.js with npm", state, found is not None, "apt-get install npm", needed_by)


def _maven(paths: Paths) -> Finding:
    found = shutil.which("mvn") and shutil.which("javac")
    state = found or "mvn or javac is not on PATH"
    needed_by = "packing the local stack's Java application"
    todo = "apt-get install maven default-jdk-headless"
    return Finding("Maven with a JDK", state, found is not None, todo, needed_by)


def _port(paths: Paths) -> Finding:
    number = session.port()
    if supervisor.running(paths):
        return Finding("Port", f"{number}: our control plane", ok=True)
    if ports.is_free(number):
        return Finding("Port", f"{number} is free", ok=True)
    todo = "end that process, or set GROUNDWORK_PORT=N"
    return Finding("Port", f"{number} is held by {ports.holder(number)}", ok=False, todo=todo)


def _disk(paths: Paths) -> Finding:
    free = shutil.disk_usage(paths.project).free / 1e9
    cache = places.cache()
    todo = f"free {NEEDED_GB} GB; caches lie in {cache}"
    return Finding("Disk", f"{free:.0f} GB free", free >= NEEDED_GB, todo)


def _root(paths: Paths) -> Finding:
    is_root = os.geteuid() == 0
    state = "root" if is_root else "not root"
    return Finding("User", state, is_root, "run it with sudo", "booting machines")


CHECKS: tuple[Callable[[Paths], Finding], ...] = (
    _python,
    _engine,
    _terraform_provider,
    _node,
    _maven,
    _port,
    _disk,
    _root,
)
