"""The local cloud as a person drives it: by its command line, in a home of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from localcloud import ports
from localcloud.paths import ROOT

LONGEST = 1500


@dataclass(frozen=True)
class Cloud:
    """One home, its project and its port."""

    project: Path
    home: Path
    port: int

    def run(self, *arguments: str, timeout: float = LONGEST) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*arguments),
            cwd=ROOT,
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

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """In a process group of its own, as a shell gives to `make`."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def command(self, *arguments: str) -> list[str]:
        places = ["--project", str(self.project), "--home", str(self.home)]
        return [sys.executable, "-m", "localcloud", *places, *arguments]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "GROUNDWORK_PORT": str(self.port)}

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


def new(project: Path, folder: Path) -> Cloud:
    return Cloud(project, folder / "home", ports.any_free())


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
