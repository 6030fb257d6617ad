"""One stack, driven through the command line of the real engine."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from localcloud import processes
from localcloud.engine import configuration, project
from localcloud.engine.binary import ENGINE
from localcloud.error import LocalCloudError
from localcloud.paths import Paths
from localcloud.standins.journal import JOURNAL

ROLE = "engine"

# The emulated account has no keys; these only keep the SDKs from looking for real ones.
EMULATED_ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "emulated",
    "AWS_SECRET_ACCESS_KEY": "emulated",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def environment(paths: Paths, endpoint: str | None, *, journal: bool = True) -> dict[str, str]:
    """For the engine and all that it starts: our plugins, our backend, and no real account."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "PULUMI_", "PYTHON"))
    }
    return {
        **inherited,
        **EMULATED_ACCOUNT,
        **({"AWS_ENDPOINT_URL": endpoint} if endpoint else {}),
        **processes.marks(paths.home, ROLE),
        **({JOURNAL: str(paths.journal)} if journal else {}),
        "PATH": f"{paths.bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PULUMI_HOME": str(paths.pulumi_home),
        "PULUMI_BACKEND_URL": backend_url(paths),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(paths.passphrase),
        # Without it the engine hides the option --event-log.
        "PULUMI_DEBUG_COMMANDS": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_SUPPRESS_NEO_LINK": "true",
    }


def backend_url(paths: Paths) -> str:
    """Of the folder with the states.

    Each file in it is written beside and renamed, so an engine killed at any moment leaves whole
    ones. The files of attributes are not: one cut off empty makes the engine refuse the stack for
    ever ("failed to load checkpoint: EOF"). Nothing reads them, so none are written.
    """
    return f"file://{paths.backend}?metadata=skip"


class Stack:
    """A stack of the work project; every method is one run of the engine."""

    def __init__(self, paths: Paths, name: str, endpoint: str | None) -> None:
        self.paths = paths
        self.name = name
        self.environment = environment(paths, endpoint)

    def prepare(
        self, *, own_keys: bool, runtimes: dict[str, dict[str, object]] | None = None
    ) -> None:
        """The stack exists and its work copy of the configuration is complete."""
        project.write_work_project(self.paths)
        project.ensure_passphrase(self.paths)
        self.paths.backend.mkdir(parents=True, exist_ok=True)
        invented = configuration.write_work_copy(
            self.paths, self.name, own_keys=own_keys, runtimes=runtimes
        )
        if not self._exists():
            self._unlock()
            self.run(["stack", "init", self.name, "--no-select"])
        for secret in invented:
            # By standard input: an argument can be seen by everybody on the machine.
            self.run(
                ["config", "set", "--secret", secret.key, "--stack", self.name],
                given=secret.value,
            )

    def run(self, arguments: Sequence[str], *, given: str = "") -> str:
        """Standard output of a command that is expected to work."""
        done = subprocess.run(
            self.command(arguments),
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip() or done.stdout.strip()
            raise LocalCloudError(f"`pulumi {' '.join(arguments)}` failed:\n{said}")
        return done.stdout

    def command(self, arguments: Sequence[str]) -> list[str]:
        return [
            str(self.paths.bin / ENGINE),
            *("-C", str(self.paths.work_project), "--non-interactive", "--color", "never"),
            *arguments,
        ]

    def exported(self) -> dict[str, Any]:
        """The state as it is kept: secrets encrypted."""
        return json.loads(self.run(["stack", "export", "--stack", self.name]))

    def outputs(self) -> Mapping[str, Any]:
        return json.loads(self.run(["stack", "output", "--json", "--stack", self.name]))

    def _unlock(self) -> None:
        """What was killed while it made the stack has left its lock, which the engine takes away
        (`pulumi cancel`) only of a stack that is there."""
        locks = self.paths.backend / ".pulumi" / "locks"
        for lock in locks.rglob(f"{self.name}/*.json"):
            lock.unlink()

    def _exists(self) -> bool:
        stacks = self.paths.backend / ".pulumi" / "stacks"
        return any(stacks.glob(f"*/{self.name}.json")) or any(stacks.glob(f"{self.name}.json"))


def log_path(paths: Paths, what: str) -> Path:
    paths.logs.mkdir(parents=True, exist_ok=True)
    return paths.logs / f"{what}.log"
