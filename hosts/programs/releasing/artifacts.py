"""The artifacts of a version: laid beside the others, given to the CDN, and away when old."""

from __future__ import annotations

import fnmatch
import hashlib
import re
import shutil
import tarfile
import tempfile
from pathlib import Path

from hosts.programs.releasing.application import Application, RefusedError
from hosts.programs.releasing.changes import say
from hosts.programs.releasing.programs import PROGRAMS, ran
from hosts.programs.releasing.records import record

VERSION = r"[A-Za-z0-9][A-Za-z0-9._-]*"


def stage(application: Application, version: str) -> None:
    """Unpacked whole beside the others, after its digest was checked; a second time is nothing."""
    if not re.fullmatch(VERSION, version):
        raise RefusedError(f"{version!r} is no version that could name a folder")
    for part, pattern in application.artifacts.items():
        directory = application.release(version) / part
        if not (directory / ".sha256").exists():
            key = pattern.format(version=version)
            with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="groundwork.") as scratch:
                unpack(application.bucket, key, directory, Path(scratch))
            say(f"{application.name} {version} staged: {part}")
        if part in application.sites:
            share_assets(application, part, directory)


def share_assets(application: Application, site: str, directory: Path) -> None:
    """Fingerprinted files lie beside those of other versions, linked and not copied: while hosts
    change one by one, and in pages that stay open, each version's page finds its own."""
    place = application.directory / "assets" / site
    for file in sorted(directory.rglob("*")):
        name = file.relative_to(directory)
        wanted = any(fnmatch.fnmatchcase(f"/{name}", one) for one in application.sites[site])
        target = place / name
        if not wanted or not file.is_file() or file.is_symlink():
            continue
        if target.exists() and target.samefile(file):
            continue
        for folder in reversed(target.relative_to(application.directory).parents[:-1]):
            (application.directory / folder).mkdir(exist_ok=True)
            (application.directory / folder).chmod(0o755)
        fresh = target.with_name(f".{target.name}.fresh")
        fresh.unlink(missing_ok=True)
        fresh.hardlink_to(file)
        fresh.replace(target)


def unpack(bucket: str, key: str, directory: Path, scratch: Path) -> None:
    archive, digest = scratch / Path(key).name, scratch / "sha256"
    for source, target in ((f"{key}.sha256", digest), (key, archive)):
        done = ran(f"{PROGRAMS}/cloud", "fetch-object", bucket, source, str(target))
        if done.returncode:
            raise RefusedError(
                f"{done.stderr.strip()}\nPublish the artifact first: it belongs at "
                f"s3://{bucket}/{key}, and its digest beside it with .sha256 at the end."
            )
    wanted = digest.read_text().split()[0]
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != wanted:
        raise RefusedError(f"s3://{bucket}/{key} is not what its .sha256 promises: {found}")
    fresh = directory.with_name(f".{directory.name}.fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    if key.endswith(".jar"):
        shutil.move(archive, fresh / "app.jar")
    else:
        try:
            with tarfile.open(archive) as content:
                content.extractall(fresh, filter="data")
        except tarfile.TarError as error:
            raise RefusedError(f"s3://{bucket}/{key} cannot be unpacked: {error}") from None
    # Read by the service's user, whatever whoever packed it had as a mask.
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or bool(path.stat().st_mode & 0o100)
            path.chmod(0o755 if executable else 0o644)
    (fresh / ".sha256").write_text(f"{found}\n")
    shutil.rmtree(directory, ignore_errors=True)
    fresh.replace(directory)
    for parent in (directory.parent, directory.parent.parent):
        parent.chmod(0o755)


def publish(application: Application, version: str) -> None:
    """The CDN's visitors get the version; files of versions before stay for pages still open."""
    stage(application, version)
    for site, place in application.published.items():
        directory = application.release(version) / site
        done = ran(
            *(f"{PROGRAMS}/cloud", "publish-site", place["bucket"], place["distribution"]),
            *(str(directory), *place["immutable"]),
        )
        if done.returncode:
            raise RefusedError(
                f"The pages of {application.name} {version} could not be published: "
                f"{done.stderr.strip()}\nHosts go back by themselves. Release again."
            )
        say(f"{application.name} {version} published: {site}")
    prune(application)


def prune(application: Application) -> None:
    """The newest releases stay, and whichever serves or is gone back to."""
    releases = application.directory / "releases"
    kept = {application.serving, record(application).get("confirmed")}
    by_age = sorted(
        (path for path in releases.iterdir() if path.is_dir()),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    in_use = {path.readlink().name for path in (application.directory / "colours").glob("*")}
    for path in by_age[application.keep :]:
        if path.name not in kept | in_use:
            shutil.rmtree(path)
    for path in sorted((application.directory / "assets").rglob("*")):
        # The last link: no version at hand has this file any more.
        if path.is_file() and path.stat().st_nlink == 1:
            path.unlink()
