"""The local cloud as a person drives it: by its command line, in a home of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import yaml

from commands.stack_file import ROTATIONS
from localcloud import ports
from localcloud.machines.container import Container
from localcloud.network.addresses import PUBLIC, PUBLIC_VARIABLE
from localcloud.network.cloud_network import CloudNetwork
from localcloud.paths import ROOT
from tests.e2e import public_blocks

LONGEST = 2400
REGION = "eu-west-1"
STACK_FILE = "Pulumi.local.yaml"
COMMANDS = ("run", sys.executable, "-m", "commands")
# Neither that of a cloud that a person may have up, nor one of emulated.py's.
[ITS_PUBLIC] = public_blocks.free("198.18", range(128, 248))

# What a fresh clone would not have.
NOT_CLONED = (".git", ".venv", ".local", "__pycache__", ".pytest_cache", ".ruff_cache", "*.pyc")


@dataclass(frozen=True)
class Cloud:
    """One home, its project, its port, and the addresses that are public in it."""

    project: Path
    home: Path
    port: int
    code: Path = ROOT
    """The clone whose local cloud runs it."""
    public: str = PUBLIC

    @property
    def outside(self) -> str:
        """The address of this machine, which is the internet of the cloud."""
        return self.public.removesuffix("0/24") + "1"

    @property
    def state(self) -> Path:
        return self.home / "control_plane" / "state"

    def client(self, service: str, region: str = REGION) -> Any:
        """The emulated account, asked as anyone would ask AWS."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id="emulated",
            aws_secret_access_key="emulated",
        )

    # -- what a person edits -------------------------------------------------------------------

    def edit(self, file: str, *path: str, value: Any) -> None:
        """One key of a YAML file of the clone; comments are lost, which nobody reads there."""
        assert self.project != ROOT, "the checkout itself is not edited"
        place = self.project / file
        document = yaml.safe_load(place.read_text())
        at = document
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
        place.write_text(yaml.safe_dump(document, sort_keys=False))

    # -- what runs -----------------------------------------------------------------------------

    def served(self, reconciler: str) -> list[dict[str, str]]:
        return json.loads((self.state / reconciler / "status.json").read_text())["served"]

    def machines(self) -> dict[str, "Host"]:
        """Every machine that is, by its name."""
        return {
            one["name"]: Host(one["id"], self.container(f"machines/{one['id']}"))
            for one in self.served("machines")
        }

    def container(self, pattern: str) -> Container:
        (directory,) = self.state.glob(pattern)
        return Container(directory, CloudNetwork(self.state / "network").namespace)

    # -- its command line ----------------------------------------------------------------------

    def run(self, *arguments: str, timeout: float = LONGEST) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.words(*arguments),
            cwd=self.code,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        # What shows secrets is for the test alone, not for the log of whoever runs it.
        if "--show-secrets" not in arguments:
            print(done.stdout)
        return done

    def expect(self, *arguments: str) -> str:
        done = self.run(*arguments)
        said = done.stdout if done.returncode else ""
        assert done.returncode == 0, f"{' '.join(arguments)} failed:\n{said}"
        return done.stdout

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One of the commands beside `pulumi`, as make calls it."""
        return self.run(*COMMANDS, *words)

    def expect_command(self, *words: str) -> str:
        return self.expect(*COMMANDS, *words)

    def goes_without_a_trace(self) -> None:
        """Taken down, it leaves no process and no file."""
        assert "Down: no process" in self.expect("down")
        assert not self.home.exists()
        assert self.processes() == []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """In a process group of its own, as a shell gives to `make`."""
        return subprocess.Popen(
            self.words(*arguments),
            cwd=self.code,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def words(self, *arguments: str) -> list[str]:
        places = ["--project", str(self.project), "--home", str(self.home)]
        return [sys.executable, "-m", "localcloud", *places, *arguments]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "GROUNDWORK_PORT": str(self.port), PUBLIC_VARIABLE: self.public}

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def processes(self) -> list[str]:
        """Everything alive that belongs to this home, looked for by another way than `down`'s."""
        found: list[str] = []
        for folder in Path("/proc").iterdir():
            try:
                words = (folder / "cmdline").read_bytes() if folder.name.isdigit() else b""
                around = (folder / "environ").read_bytes() if words else b""
            except OSError:
                continue
            # This very test names the home in no argument and no variable.
            if str(self.home).encode() in words + around:
                found.append(words.replace(b"\0", b" ").decode(errors="replace"))
        return found


@dataclass(frozen=True)
class Host:
    """A machine, looked at from behind: no connection is opened to it."""

    id: str
    container: Container

    def says(self, *command: str, given: str = "") -> str:
        done = self.container.run(*command, text=given, timeout=600)
        assert done.returncode == 0, done.stderr or done.stdout
        return done.stdout.strip()

    def heard_by_sshd(self) -> list[str]:
        """Everything that its SSH server ever wrote down: at least a line a connection."""
        of_sshd = ("_COMM=sshd", "+", "_COMM=sshd-session")
        return self.says("journalctl", "--quiet", "--output=cat", *of_sshd).splitlines()


def new(project: Path, folder: Path) -> Cloud:
    return Cloud(project, folder / "home", ports.any_free(), public=ITS_PUBLIC)


def clone(folder: Path) -> Cloud:
    """This checkout as a person has it who changes its files, with a home of its own.

    A clone that lies there already is made like this checkout again, and its home is used. What
    has been rotated there stays so: generations only go on.
    """
    project, port, block = folder / "project", folder / "port", folder / "public"
    rotated: Any = None
    if project.exists():
        stack = yaml.safe_load((project / STACK_FILE).read_text())
        rotated = stack["config"].get(ROTATIONS)
        shutil.rmtree(project)
    left_out = shutil.ignore_patterns(*NOT_CLONED)
    shutil.copytree(ROOT, project, symlinks=True, ignore=left_out)
    (project / ".venv").symlink_to(ROOT / ".venv")
    if not port.exists():
        port.write_text(str(ports.any_free()))
    if not block.exists():
        block.write_text(os.environ.get(PUBLIC_VARIABLE, ITS_PUBLIC))
    made = Cloud(project, folder / "home", int(port.read_text()), project, block.read_text())
    listed = [f"{made.outside}/32"]
    made.edit(STACK_FILE, "config", "groundwork:access", "allowed_from", value=listed)
    if rotated:
        made.edit(STACK_FILE, "config", ROTATIONS, value=rotated)
    return made


def kill(process: subprocess.Popen[bytes], *, whole_group: bool) -> None:
    """At once and without a word; one that has ended already is left alone."""
    if process.poll() is None and whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return False
