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
    tools: Path | None = None
    """Another home whose engine and plugins are used."""

    @property
    def bin(self) -> Path:
        """First on PATH for everything that the local cloud starts."""
        return (self.tools or self.home) / "bin"

    @property
    def pulumi_home(self) -> Path:
        return (self.tools or self.home) / "pulumi"

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
    def journal(self) -> Path:
        """What plugins made, until the engine is known to have it in its state."""
        return self.home / "journal"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def removal(self) -> Path:
        """That this home is being removed; what else is in it is no longer to be used."""
        return self.home / "removal"

    def preview(self, stack: str) -> "Paths":
        """A home for one preview, with the same tools and a cloud of its own."""
        return Paths(self.project, self.home / "previews" / stack, tools=self.home)


def of(project: Path | None, home: Path | None) -> Paths:
    """This project and its `.local/`, unless others were named."""
    chosen = project.absolute() if project else ROOT
    return Paths(chosen, home.absolute() if home else chosen / ".local")


def cache() -> Path:
    """What takes long to make and is the same for every clone, by the digest of its contents."""
    given = os.environ.get("GROUNDWORK_CACHE")
    if given:
        return Path(given).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "groundwork"
