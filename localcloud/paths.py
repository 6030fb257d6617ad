"""Where the local cloud keeps its things: a run in the clone's `.local/`, caches outside it."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Paths:
    """Every place that one run of the local cloud writes to; `down` removes `home` as a whole."""

    project: Path
    """The Pulumi project that is run: this one, unless a test brings its own."""
    home: Path

    @property
    def bin(self) -> Path:
        """First on PATH for everything that the local cloud starts."""
        return self.home / "bin"

    @property
    def pulumi_home(self) -> Path:
        return self.home / "pulumi"

    @property
    def plugins(self) -> Path:
        return self.pulumi_home / "plugins"

    @property
    def work_project(self) -> Path:
        """A Pulumi.yaml that points at the program, beside the stacks' work copies."""
        return self.home / "project"

    @property
    def backend(self) -> Path:
        return self.home / "backend"

    @property
    def passphrase(self) -> Path:
        return self.home / "passphrase"

    @property
    def control_plane(self) -> Path:
        return self.home / "control_plane"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def lock(self) -> Path:
        """Beside the home, not in it: `down` removes the home while it holds the lock."""
        return self.home.with_name(f"{self.home.name}.lock")

    def under(self, name: str) -> "Paths":
        """A run of its own inside this one, such as a preview with a cloud of its own."""
        return Paths(project=self.project, home=self.home / name)


def default() -> Paths:
    return Paths(project=ROOT, home=ROOT / ".local")


def cache() -> Path:
    """What takes long to make and is the same for every clone, by the digest of its contents."""
    given = os.environ.get("GROUNDWORK_CACHE")
    if given:
        return Path(given).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "groundwork"
