"""Packs the runtimes that Debian lacks, from the npm registry, so that every host has the same.

    python -m bootstrap.runtimes --out FOLDER --node 24.11.0 --pm2 7.0.4 --architecture x86_64

npm checks what it fetches against the registry's own digests; the archive is the same byte for
byte wherever it is packed, so its sha256 can be pinned in the stack file.
"""

import argparse
import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NPM_ARCHITECTURES = {"x86_64": "x64", "arm64": "arm64"}


class PackingError(Exception):
    """What could not be packed, and what to do about it."""


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """One archive, as the stack file names it."""

    name: str  # node-24, pm2
    version: str
    architecture: str
    path: Path
    sha256: str

    @property
    def key(self) -> str:
        """Where it lies in the artifact bucket."""
        return f"runtimes/{self.path.name}"


def pack_node(version: str, architecture: str, out: Path) -> Runtime:
    """One folder with bin/node in it, as nodejs.org packs it; npm carries the same binary."""
    with tempfile.TemporaryDirectory() as scratch:
        package = f"node-linux-{NPM_ARCHITECTURES[architecture]}@{version}"
        (tarball,) = json.loads(
            _npm(["pack", "--json", package, "--pack-destination", scratch], cwd=Path(scratch))
        )
        with tarfile.open(Path(scratch) / tarball["filename"]) as archive:
            archive.extractall(scratch, filter="data")
        folder = f"node-v{version}-linux-{NPM_ARCHITECTURES[architecture]}"
        binary = Path(scratch) / folder / "bin" / "node"
        binary.parent.mkdir(parents=True)
        shutil.move(Path(scratch) / "package" / "bin" / "node", binary)
        binary.chmod(0o755)
        return _packed(
            f"node-{version.split('.')[0]}", version, architecture, Path(scratch), [folder], out
        )


def pack_pm2(version: str, architecture: str, out: Path) -> Runtime:
    """A folder node_modules with PM2 and all that it needs; no script of a package is run."""
    with tempfile.TemporaryDirectory() as scratch:
        _npm(
            [
                "install",
                "--prefix",
                scratch,
                "--omit=dev",
                "--omit=optional",
                "--ignore-scripts",
                "--no-package-lock",
                "--no-audit",
                "--no-fund",
                f"pm2@{version}",
            ],
            cwd=Path(scratch),
        )
        (Path(scratch) / "node_modules" / ".package-lock.json").unlink(missing_ok=True)
        return _packed("pm2", version, architecture, Path(scratch), ["node_modules"], out)


def _packed(
    name: str, version: str, architecture: str, root: Path, folders: list[str], out: Path
) -> Runtime:
    """The folders as a tar.gz without times, owners or an order of their own."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name.split('-')[0]}-{version}-{architecture}.tar.gz"
    # Two may pack the same at a time, for two stacks.
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        partial = Path(scratch) / path.name
        with (
            partial.open("wb") as raw,
            gzip.GzipFile("", "wb", 6, raw, mtime=0) as compressed,
            tarfile.open(fileobj=compressed, mode="w|", format=tarfile.GNU_FORMAT) as archive,
        ):
            for member in _sorted(root, folders):
                archive.add(member, member.relative_to(root), recursive=False, filter=_plain)
        partial.replace(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Runtime(name=name, version=version, architecture=architecture, path=path, sha256=digest)


def _sorted(root: Path, folders: list[str]) -> Iterator[Path]:
    for folder in folders:
        yield root / folder
        yield from sorted((root / folder).rglob("*"))


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mtime, member.uid, member.gid, member.uname, member.gname = 0, 0, 0, "", ""
    executable = member.isdir() or member.mode & 0o100
    member.mode = 0o755 if executable else 0o644
    return member


def _npm(words: list[str], *, cwd: Path) -> str:
    npm = shutil.which("npm")
    if npm is None:
        raise PackingError("npm is missing: install Node.js with npm (apt-get install npm).")
    # A registry that does not answer is asked again, more often than npm would by itself.
    done = subprocess.run(
        [npm, *words, "--fetch-retries=5"], cwd=cwd, capture_output=True, text=True
    )
    if done.returncode:
        raise PackingError(f"npm {words[0]} failed: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


def stack_entry(runtimes: list[Runtime]) -> dict[str, dict[str, object]]:
    """What the stack file says under groundwork:runtimes."""
    entry: dict[str, dict[str, object]] = {}
    for runtime in runtimes:
        one = entry.setdefault(runtime.name, {"version": runtime.version, "sha256": {}})
        digests = one["sha256"]
        assert isinstance(digests, dict), "made two lines above"
        digests[runtime.architecture] = runtime.sha256
    return entry


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bootstrap.runtimes", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the archives")
    parser.add_argument("--node", action="append", default=[], metavar="VERSION")
    parser.add_argument("--pm2", metavar="VERSION")
    parser.add_argument(
        "--architecture",
        action="append",
        choices=sorted(NPM_ARCHITECTURES),
        help="of the hosts; more than once for more than one (default: x86_64)",
    )
    wanted = parser.parse_args(arguments)
    runtimes: list[Runtime] = []
    try:
        for architecture in wanted.architecture or ["x86_64"]:
            runtimes += [pack_node(version, architecture, wanted.out) for version in wanted.node]
            if wanted.pm2:
                runtimes.append(pack_pm2(wanted.pm2, architecture, wanted.out))
    except PackingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for runtime in runtimes:
        print(f"{runtime.path}: put it into the artifact bucket as {runtime.key}")
    print("groundwork:runtimes:", json.dumps(stack_entry(runtimes), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
