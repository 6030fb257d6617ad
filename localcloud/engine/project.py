"""The project as the engine sees it: a copy that points at the program, so that nothing committed
is ever written to.
"""

import secrets
from typing import Any

import yaml

from localcloud import whole_file
from localcloud.error import LocalCloudError
from localcloud.paths import Paths

PROJECT_FILE = "Pulumi.yaml"


def stack_file(stack: str) -> str:
    return f"Pulumi.{stack}.yaml"


def write_work_project(paths: Paths) -> None:
    """Pulumi.yaml with absolute paths: the program and its environment stay where they are."""
    source = paths.project / PROJECT_FILE
    if not source.exists():
        raise LocalCloudError(f"There is no {source}.", "Run this in a Pulumi project.")
    project: dict[str, Any] = yaml.safe_load(source.read_text())
    main = project.get("main", "")
    project["main"] = str((paths.project / main).resolve())
    runtime = project.get("runtime")
    options: dict[str, Any] = runtime.get("options", {}) if isinstance(runtime, dict) else {}
    if "virtualenv" in options:
        options["virtualenv"] = str((paths.project / options["virtualenv"]).absolute())
    whole_file.write(paths.work_project / PROJECT_FILE, yaml.safe_dump(project, sort_keys=False))


def ensure_passphrase(paths: Paths) -> None:
    """Random, readable by its owner alone, the same for the whole life of the state."""
    if not paths.passphrase.exists():
        whole_file.write(paths.passphrase, secrets.token_urlsafe(32), mode=0o600)
