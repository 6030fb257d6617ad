"""Node and PM2: Debian's own where it has the wanted one, else a pinned archive of ours."""

from dataclasses import dataclass

from hosts.steps import Archive, Packages, Step

DEBIAN_MAJOR = 20  # nodejs of Debian 13


@dataclass(frozen=True, kw_only=True)
class PinnedArchive:
    """A file of the artifact bucket, known by its digest."""

    bucket: str
    key: str
    """runtimes/NAME-VERSION-ARCHITECTURE.tar.gz"""
    sha256: str
    version: str


@dataclass(frozen=True, kw_only=True)
class NodeRuntime:
    """A major version of Node."""

    major: int
    archive: PinnedArchive | None = None
    """As nodejs.org packs it: one folder with bin/node in it. None: Debian's."""

    def __post_init__(self) -> None:
        if self.archive is None and self.major != DEBIAN_MAJOR:
            raise ValueError(
                f"Debian 13 has Node {DEBIAN_MAJOR}, not {self.major}: put an archive of Node "
                f"{self.major} into the artifact bucket and name it in the stack's runtimes."
            )

    @property
    def executable(self) -> str:
        return f"{self._directory}/bin/node" if self.archive else "/usr/bin/node"

    @property
    def _directory(self) -> str:
        return f"/opt/node-{self.archive.version}" if self.archive else "/usr"

    def steps(self) -> tuple[Step, ...]:
        if self.archive is None:
            return (Packages(("nodejs",)),)
        return (
            Archive(
                self.archive.bucket,
                self.archive.key,
                self.archive.sha256,
                self._directory,
                strip=1,
            ),
        )


@dataclass(frozen=True, kw_only=True)
class Pm2Runtime:
    """A version of PM2, packed with all that it depends on."""

    archive: PinnedArchive
    """A folder node_modules with pm2 in it."""

    @property
    def directory(self) -> str:
        return f"/opt/pm2-{self.archive.version}"

    @property
    def package(self) -> str:
        return f"{self.directory}/node_modules/pm2"

    def steps(self) -> tuple[Step, ...]:
        archive = self.archive
        return (Archive(archive.bucket, archive.key, archive.sha256, self.directory),)
