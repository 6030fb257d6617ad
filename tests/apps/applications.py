"""The small applications, in the shape of the real ones: what each is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SOURCES = Path(__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class Part:
    """How a part is built in its folder, and what of the folder is packed."""

    tool: Literal["npm", "maven"] = "npm"
    output: str = "."
    """The folder whose content is the artifact, or the jar that is it."""
    sources: str = "src"
    """The folder that the build reads and a host does not need."""
    beside: tuple[str, ...] = ()
    """Folders that a jar holds beside what was built, as they are."""

    @property
    def kind(self) -> Literal["tar.gz", "jar"]:
        return "jar" if self.tool == "maven" else "tar.gz"


@dataclass(frozen=True, kw_only=True)
class Application:
    name: str
    parts: Mapping[str, Part]
    migrated_with: str = "api"
    """Part that brings the migrations,"""
    migrations: str = "migrations"
    """and its folder of them,"""
    ways_back: str = "migrations/rollback"
    """and of the ways back, where those are files of their own."""
    sources: Path = SOURCES

    @property
    def folder(self) -> Path:
        return self.sources / self.name


# A service of Node runs from its folder; of a site only the files count that its build made.
SERVICE = Part()
SITE = Part(output="dist")
JAR = Part(tool="maven", output="target/app.jar", beside=("migrations",))

APPLICATIONS = {
    application.name: application
    for application in (
        Application(name="threed-generator", parts={"api": SERVICE, "web": SERVICE}),
        Application(name="ai-notebook", parts={"api": SERVICE, "worker": SERVICE, "web": SITE}),
        Application(name="aixsss", parts={"api": SERVICE, "worker": SERVICE, "web": SITE}),
        Application(
            name="ai-photo",
            # It starts in src/, as its manual has it.
            parts={"api": Part(sources="typescript"), "web": SERVICE},
            migrations="src/db/migrations",
        ),
        Application(name="ingenio", parts={"api": JAR}),
    )
}
