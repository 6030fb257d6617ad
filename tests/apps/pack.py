"""Builds the small 3D generator once, and packs any number of versions of it from that.

    python -m tests.apps.pack --out FOLDER 1.0.0 1.0.1
    python -m tests.apps.pack --out FOLDER --unwell api 1.1.0
    python -m tests.apps.pack --out FOLDER --migration later/0004_models_views.sql 1.2.0

FOLDER then holds what belongs into the artifact bucket, each file under its key. A version is the
same byte for byte as long as the build is in the cache; Next.js puts random keys into every build.
"""

import argparse
import fcntl
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from hosts.roles.release import artifact_key
from localcloud import paths
from settings.documents import read
from settings.load import stack_configuration
from settings.problem import Problem

APPLICATION = "threed-generator"
PARTS = ("api", "web")
SOURCES = Path(__file__).resolve().parent / APPLICATION

NEVER_GIVEN = "A_VARIABLE_THAT_NO_STACK_GIVES"

# What a build needs and a host does not.
LEFT_OUT = re.compile(
    r"""
    \.(map|d\.ts|d\.mts|d\.cts|tsbuildinfo)$
    | ^(src|\.next/(cache|diagnostics|types|trace.*)|tsconfig\.json)(/|$)
    | ^node_modules/\.package-lock\.json$
    | ^node_modules/next/dist/(docs|esm)(/|$)
    | \.runtime\.dev\.js$
    """,
    re.VERBOSE,
)

Say = Callable[[str], None]


class PackingError(Exception):
    """What could not be packed, and what to do about it."""


def pack(
    version: str,
    out: Path,
    *,
    unwell: Collection[str] = (),
    broken: Collection[str] = (),
    migration: Path | None = None,
    say: Say = lambda _: None,
) -> list[Path]:
    """One version as the hosts fetch it: every part and its digest, each at its key below out.

    Unwell parts start, but their health check fails; broken ones end as soon as they start.
    """
    for part in {*unwell, *broken} - set(PARTS):
        raise PackingError(f"{part!r} is no part of {APPLICATION}: it has {', '.join(PARTS)}")
    files: list[Path] = []
    for part in PARTS:
        needs = [NEVER_GIVEN] if part in unwell else []
        release = json.dumps({"version": version, "needs": needs}) if part not in broken else ""
        added = {"release.json": release.encode()}
        if migration is not None and part == "api":
            added[f"migrations/{migration.name}"] = migration.read_bytes()
        archive = out / artifact_key(APPLICATION, part, "tar.gz", version)
        files += _version(_built(part, say), added, archive)
    return files


def _version(built: Path, added: Mapping[str, bytes], archive: Path) -> list[Path]:
    """The build and a few files behind it, as a second gzip member: nothing is packed twice."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_name(f".{archive.name}.partial")
    shutil.copyfile(built, partial)
    with (
        partial.open("ab") as raw,
        gzip.GzipFile("", "wb", 6, raw, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for name, content in sorted(added.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, BytesIO(content))
    partial.replace(archive)
    digest = archive.with_name(f"{archive.name}.sha256")
    with archive.open("rb") as file:
        digest.write_text(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {archive.name}\n")
    return [archive, digest]


# -- the build ----------------------------------------------------------------------------------


def _built(part: str, say: Say) -> Path:
    """The part without a version, from the cache as long as nothing that it is made of changed."""
    environment = build_environment(part)
    directory = paths.cache() / "apps" / APPLICATION
    archive = directory / f"{part}-{_digest(part, environment)}.tar"
    if archive.exists():
        return archive
    directory.mkdir(parents=True, exist_ok=True)
    with _alone(directory / f"{part}.lock"):
        if archive.exists():
            return archive
        say(f"building {APPLICATION} {part} (once)")
        with tempfile.TemporaryDirectory(dir=directory) as scratch:
            folder = Path(scratch) / part
            shutil.copytree(SOURCES / part, folder, ignore=shutil.ignore_patterns(*NOT_SOURCES))
            for words in (
                ("ci", "--no-audit", "--no-fund"),
                ("run", "build"),
                ("prune", "--omit=dev", "--omit=optional"),
            ):
                _npm(words, folder, environment)
            partial = Path(scratch) / archive.name
            _body(folder, partial)
            partial.replace(archive)
    return archive


def build_environment(part: str) -> dict[str, str]:
    """What apps/threed-generator.yaml says of the build, for the domain of the local stack."""
    file = f"apps/{APPLICATION}.yaml"
    application = read(paths.ROOT / file, file)
    if isinstance(application, Problem):
        raise PackingError(str(application))
    stack: dict[str, Any] = json.loads(stack_configuration("local")["groundwork:applications"])
    domain = stack[APPLICATION]["domain"]
    hosts = {
        f"${{hosts.{name}}}": domain if label == "@" else f"{label}.{domain}"
        for name, label in application["hosts"].items()
    }
    found: dict[str, str] = application["services"][part].get("build", {}).get("environment", {})
    return {
        name: re.sub(r"\$\{hosts\.\w+\}", lambda match: hosts[match[0]], value)
        for name, value in found.items()
    }


# What a build in place would leave among the sources.
NOT_SOURCES = ("node_modules", "dist", ".next", "release.json")


def _digest(part: str, environment: Mapping[str, str]) -> str:
    found = hashlib.sha256(Path(__file__).read_bytes())
    found.update(json.dumps(environment, sort_keys=True).encode())
    root = SOURCES / part
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        if path.is_file() and not set(name.parts) & set(NOT_SOURCES):
            found.update(f"\0{name}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _npm(words: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise PackingError("npm is missing: install Node.js with npm (apt-get install npm).")
    done = subprocess.run(
        [npm, *words],
        cwd=folder,
        env={**os.environ, "NEXT_TELEMETRY_DISABLED": "1", "CI": "true", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise PackingError(f"npm {' '.join(words)} failed for {folder.name}:\n{last}")


def _body(folder: Path, archive: Path) -> None:
    """A tar.gz without times, owners or an order of its own, and without the end of a tar."""
    with archive.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as compressed:
        # Never closed, which would write the end; each file is through once it is added.
        tar = tarfile.open(fileobj=compressed, mode="w", format=tarfile.GNU_FORMAT)  # noqa: SIM115
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if not LEFT_OUT.search(name):
                tar.add(path, name, recursive=False, filter=_plain)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mtime, member.uid, member.gid, member.uname, member.gname = 0, 0, 0, "", ""
    executable = member.isdir() or member.mode & 0o100
    member.mode = 0o755 if executable else 0o644
    return member


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="tests.apps.pack",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("versions", nargs="+", metavar="VERSION")
    parser.add_argument("--out", type=Path, required=True, help="folder for the artifacts")
    parser.add_argument(
        "--unwell", action="append", default=[], choices=PARTS, help="its health check fails"
    )
    parser.add_argument(
        "--broken", action="append", default=[], choices=PARTS, help="it does not start"
    )
    parser.add_argument("--migration", type=Path, metavar="FILE", help="one more, SQL")
    wanted = parser.parse_args(arguments)
    try:
        for version in wanted.versions:
            for file in pack(
                version,
                wanted.out,
                unwell=wanted.unwell,
                broken=wanted.broken,
                migration=wanted.migration,
                say=lambda text: print(text, file=sys.stderr),
            ):
                print(file)
    except (PackingError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
