"""Builds a small application once, and packs any number of versions of it from that.

    python -m tests.apps.pack threed-generator --out FOLDER 1.0.0 1.0.1
    python -m tests.apps.pack threed-generator --out FOLDER --unwell api 1.1.0
    python -m tests.apps.pack threed-generator --out FOLDER --migration FILE.sql 1.2.0

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
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from hosts.roles.release import artifact_key
from localcloud import paths
from localcloud.fetching import again_where_it_failed
from settings.documents import read
from settings.load import stack_configuration
from tests.apps.applications import APPLICATIONS, Application

NEVER_GIVEN = "A_VARIABLE_THAT_NO_STACK_GIVES"

# What a build needs and a host does not.
LEFT_OUT = re.compile(
    r"""
    \.(map|d\.ts|d\.mts|d\.cts|tsbuildinfo)$
    | ^(\.next/(cache|diagnostics|types|trace.*)|tsconfig\.json)(/|$)
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
    application: str,
    version: str,
    out: Path,
    *,
    unwell: Collection[str] = (),
    broken: Collection[str] = (),
    migration: Path | None = None,
    back: Path | None = None,
    say: Say = lambda _: None,
) -> list[Path]:
    """One version as the hosts fetch it: every part and its digest, each at its key below out.

    Unwell parts start, but their health check fails; broken ones end as soon as they start. A
    migration is one more, and back the way back from it, where that is a file of its own.
    """
    packed = known(application)
    for part in {*unwell, *broken} - set(packed.parts):
        has = ", ".join(packed.parts)
        raise PackingError(f"{part!r} is no part of {application}: it has {has}")
    files: list[Path] = []
    for name, part in packed.parts.items():
        needs = [NEVER_GIVEN] if name in unwell else []
        release = json.dumps({"version": version, "needs": needs}) if name not in broken else ""
        added = {"release.json": release.encode()}
        for file, folder in ((migration, packed.migrations), (back, packed.ways_back)):
            if file is not None and name == packed.migrated_with:
                added[f"{folder}/{file.name}"] = file.read_bytes()
        archive = out / artifact_key(application, name, part.kind, version)
        files += _version(_built(packed, name, say), added, archive)
    return files


def known(application: str) -> Application:
    if application not in APPLICATIONS:
        raise PackingError(f"there is no small {application}: there are {', '.join(APPLICATIONS)}")
    return APPLICATIONS[application]


def _version(built: Path, added: Mapping[str, bytes], archive: Path) -> list[Path]:
    """The build and a few files behind it: nothing is packed twice."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_name(f".{archive.name}.partial")
    shutil.copyfile(built, partial)
    append = _append_to_jar if archive.suffix == ".jar" else _append_to_tar
    append(partial, added)
    partial.replace(archive)
    digest = archive.with_name(f"{archive.name}.sha256")
    with archive.open("rb") as file:
        digest.write_text(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {archive.name}\n")
    return [archive, digest]


def _append_to_tar(archive: Path, added: Mapping[str, bytes]) -> None:
    """As a second gzip member."""
    with (
        archive.open("ab") as raw,
        gzip.GzipFile("", "wb", 6, raw, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for name, content in sorted(added.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, BytesIO(content))


def _append_to_jar(archive: Path, added: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(archive, "a") as jar:
        for name, content in sorted(added.items()):
            jar.writestr(zipfile.ZipInfo(name), content)


# -- the build ----------------------------------------------------------------------------------


def _built(application: Application, part: str, say: Say) -> Path:
    """The part without a version, from the cache as long as nothing that it is made of changed."""
    environment = build_environment(application.name, part)
    directory = paths.cache() / "apps" / application.name
    archive = directory / f"{part}-{_digest(application, part, environment)}.tar"
    if archive.exists():
        return archive
    directory.mkdir(parents=True, exist_ok=True)
    with _alone(directory / f"{part}.lock"):
        if archive.exists():
            return archive
        say(f"building {application.name} {part} (once)")
        with tempfile.TemporaryDirectory(dir=directory) as scratch:
            folder = Path(scratch) / part
            # Links are followed: what parts share is copied into each.
            ignored = shutil.ignore_patterns(*NOT_SOURCES)
            shutil.copytree(application.folder / part, folder, ignore=ignored)
            made = application.parts[part]
            for words in TOOLS[made.tool]:
                _run(words, folder, environment)
            partial = Path(scratch) / archive.name
            if made.kind == "jar":
                shutil.copyfile(folder / made.output, partial)
                beside = [path for name in made.beside for path in _sources(folder / name)]
                _append_to_jar(
                    partial,
                    {path.relative_to(folder).as_posix(): path.read_bytes() for path in beside},
                )
            else:
                _body(folder / made.output, partial, made.sources)
            partial.replace(archive)
    return archive


def build_environment(application: str, part: str) -> dict[str, str]:
    """What apps/NAME.yaml says of the build, for the domain of the local stack."""
    file = f"apps/{application}.yaml"
    if not (paths.ROOT / file).exists():
        return {}
    told = read(paths.ROOT / file, file)
    if isinstance(told, list):
        raise PackingError("\n".join(map(str, told)))
    stack: dict[str, Any] = json.loads(stack_configuration("local")["groundwork:applications"])
    domain = stack.get(application, {}).get("domain", "example.test")
    hosts = {
        f"${{hosts.{name}}}": domain if label == "@" else f"{label}.{domain}"
        for name, label in told["hosts"].items()
    }
    shape = {**told.get("services", {}), **told.get("sites", {})}.get(part, {})
    found: dict[str, str] = shape.get("build", {}).get("environment", {})
    return {
        name: re.sub(r"\$\{hosts\.\w+\}", lambda match: hosts[match[0]], str(value))
        for name, value in found.items()
    }


# What a build in place would leave among the sources.
NOT_SOURCES = ("node_modules", "dist", ".next", "target", "release.json")


def _digest(application: Application, part: str, environment: Mapping[str, str]) -> str:
    found = hashlib.sha256(Path(__file__).read_bytes())
    found.update(repr(application.parts[part]).encode())
    found.update(json.dumps(environment, sort_keys=True).encode())
    root = application.folder / part
    for path in sorted(_sources(root)):
        found.update(f"\0{path.relative_to(root)}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in NOT_SOURCES:
            continue
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# Each tool's own words for a build from pinned dependencies, with tests where there are some.
TOOLS = {
    "npm": (
        ("npm", "ci", "--no-audit", "--no-fund"),
        ("npm", "run", "build"),
        ("npm", "prune", "--omit=dev", "--omit=optional"),
    ),
    "maven": (("mvn", "--batch-mode", "--no-transfer-progress", "package"),),
}
# What they say of a package that a registry did not give them.
NOT_FETCHED = re.compile(
    r"npm (error|ERR!) (code E(CONN|TIMEDOUT|SOCKET|AI_AGAIN|NOTFOUND|PIPE|5\d\d)|network)"
    r"|Could not (transfer artifact|resolve dependencies)"
)
MISSING = {
    "npm": "npm is missing: install Node.js with npm (apt-get install npm).",
    "mvn": "mvn is missing: install Maven and a JDK (apt-get install maven default-jdk-headless).",
}


def _run(words: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> None:
    program = shutil.which(words[0])
    if program is None:
        raise PackingError(MISSING[words[0]])
    done = again_where_it_failed(
        lambda: subprocess.run(
            [program, *words[1:]],
            cwd=folder,
            env={**os.environ, "NEXT_TELEMETRY_DISABLED": "1", "CI": "true", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        ),
        lambda done: bool(NOT_FETCHED.search(done.stdout + done.stderr)),
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise PackingError(f"{' '.join(words)} failed for {folder.name}:\n{last}")


def _body(folder: Path, archive: Path, sources: str = "src") -> None:
    """A tar.gz without times, owners or an order of its own, and without the end of a tar."""
    with archive.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as compressed:
        # Never closed, which would write the end; each file is through once it is added.
        tar = tarfile.open(fileobj=compressed, mode="w", format=tarfile.GNU_FORMAT)  # noqa: SIM115
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if name.partition("/")[0] != sources and not LEFT_OUT.search(name):
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
    parser.add_argument("application", choices=APPLICATIONS, metavar="APPLICATION")
    parser.add_argument("versions", nargs="+", metavar="VERSION")
    parser.add_argument("--out", type=Path, required=True, help="folder for the artifacts")
    part: dict[str, Any] = {"action": "append", "default": [], "metavar": "PART"}
    parser.add_argument("--unwell", **part, help="its health check fails")
    parser.add_argument("--broken", **part, help="it does not start")
    parser.add_argument("--migration", type=Path, metavar="FILE", help="one more, SQL")
    wanted = parser.parse_intermixed_args(arguments)
    try:
        for version in wanted.versions:
            for file in pack(
                wanted.application,
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
