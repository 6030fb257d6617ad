"""The Pulumi CLI, as the shell has it, or as whoever calls the commands says."""

import json
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from commands.error import CommandError
from settings.load import ROOT

# How the engine is called, in a shell's words; the local cloud hands its own over by this.
VARIABLE = "GROUNDWORK_ENGINE"

PREVIEW_FAILED = "The preview failed: nothing was changed."


@dataclass(frozen=True)
class Engine:
    """One stack's engine; backend and credentials are those of the environment."""

    stack: str
    words: tuple[str, ...]

    def read(self, *arguments: str) -> str:
        """Standard output of what is expected to work; CommandError with what it said if not."""
        done = self._done(arguments)
        if done.returncode:
            said = done.stderr.strip() or done.stdout.strip()
            raise CommandError(f"`pulumi {' '.join(arguments)}` failed:\n{said}")
        return done.stdout

    def try_read(self, *arguments: str) -> tuple[int, str]:
        """Exit code and standard output."""
        done = self._done(arguments)
        return done.returncode, done.stdout

    def show(self, *arguments: str) -> int:
        """Its exit code; what it says is for the person in front of the terminal.

        Whoever stops us stops it: it finishes what is under way and begins nothing new. A second
        time it drops everything.
        """
        process: subprocess.Popen[bytes] | None = None
        stopped = False
        while True:
            try:
                if process is None:
                    with _kept_waiting(signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                        process = subprocess.Popen(
                            [*self.words, *arguments, "--stack", self.stack],
                            cwd=ROOT,
                            # Ctrl-C would reach it as well otherwise, and count as the second time.
                            start_new_session=True,
                        )
                code = process.wait()
                break
            except KeyboardInterrupt:
                if process is None:
                    raise
                stopped = True
                process.send_signal(signal.SIGINT)
        if stopped:
            raise KeyboardInterrupt
        return code

    def outputs(self) -> Mapping[str, Any]:
        """What the stack says of itself; nothing in it is secret."""
        found: dict[str, Any] = json.loads(self.read("stack", "output", "--json"))
        if not found:
            raise CommandError(
                f"The stack {self.stack} has no outputs: nothing has been brought up yet.",
                f"Bring it up: {self.bring_up}",
            )
        return found

    def secret(self, key: str) -> str:
        """A secret of the stack's configuration, in plain text: for use, never for show."""
        return self.read("config", "get", key)

    def update(self) -> int:
        """What was previewed is changed, and nobody is asked again; its exit code."""
        return self.show("up", "--yes", "--skip-preview", "--non-interactive", *self.policy_pack)

    @property
    def bring_up(self) -> str:
        """What a person types to bring the whole stack to what its files say."""
        return f"make {'up' if self.stack == 'local' else 'deploy'} STACK={self.stack}"

    @property
    def policy_pack(self) -> tuple[str, str]:
        """The option without which nothing is previewed or changed."""
        return "--policy-pack", str(ROOT / "policies")

    def _done(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.words, *arguments, "--stack", self.stack, "--non-interactive"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@contextmanager
def _kept_waiting(*numbers: signal.Signals) -> Generator[None]:
    """Whoever stops us while the engine starts would leave it behind, and never asked to stop."""
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda each, _: came.append(each)) for number in numbers
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for number in came:
            signal.raise_signal(number)


def engine(stack: str, environment: Mapping[str, str] = os.environ) -> Engine:
    words = shlex.split(environment.get(VARIABLE, "")) or ["pulumi"]
    path = shutil.which(words[0])
    if path is None:
        raise CommandError(
            f"{words[0]} is not on PATH.",
            "The local stack has an engine of its own: use make, or python -m localcloud run "
            "python -m commands …"
            if stack == "local"
            else "Install the Pulumi CLI and log in to the backend of the stack's state: "
            "docs/guide.md, To AWS.",
        )
    return Engine(stack, (path, *words[1:]))
