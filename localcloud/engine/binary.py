"""The Pulumi command line: the one on PATH, the official download, or one built from its module."""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from localcloud import paths
from localcloud.error import LocalCloudError
from localcloud.fetching import again_where_it_failed

VERSION = "3.250.0"
OLDEST = (3, 200, 0)
"""The first that speaks the language host's protocol of our SDK."""

MODULE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
VERSION_SYMBOL = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
SOURCES = Path(__file__).parent
OLDEST_GO = (1, 26)

OFFICIAL_HOST = "get.pulumi.com"
OFFICIAL = f"https://{OFFICIAL_HOST}/releases/sdk"
REACH_TIMEOUT = 3.0
DOWNLOAD_TIMEOUT = 300.0

# What Go says where a module proxy did not answer, or broke off.
NOT_FETCHED = re.compile(
    r"dial tcp|timeout|connection re(set|fused)|EOF|stream error|\b(429|5\d\d) |no such host"
)

UNFINISHED = "unfinished-"
LONGEST_BUILD = 3600.0

ENGINE = "pulumi"
LANGUAGE_HOST = "pulumi-language-python"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Engine:
    """A usable command line, and where it came from."""

    path: Path
    origin: str
    language_host: Path | None
    """The official language host where it came along; else the stand-in serves."""


def find(say: Say, marks: Mapping[str, str] = MappingProxyType({})) -> Engine:
    """The first that is usable; every next one takes longer to have.

    marks: environment by which what is started here is found again.
    """
    return on_path() or cached() or _had(say, marks)


def _had(say: Say, marks: Mapping[str, str]) -> Engine:
    """Another run may be at it: then its engine is waited for."""
    paths.cache().mkdir(parents=True, exist_ok=True)
    with (paths.cache() / "engine.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run that gets the engine")
            fcntl.flock(lock, fcntl.LOCK_EX)
        return cached() or _download(say) or _build(say, marks)


def on_path() -> Engine | None:
    found = shutil.which(ENGINE)
    if found is None:
        return None
    path = Path(found).resolve()
    host = shutil.which(LANGUAGE_HOST, path=f"{path.parent}{os.pathsep}{os.environ['PATH']}")
    if host is None or not _new_enough(path):
        return None
    return Engine(path, "on PATH", Path(host))


def cached() -> Engine | None:
    for folder, origin in ((_download_folder(), "downloaded"), (_build_folder(), "built")):
        if (folder / ENGINE).exists():
            host = folder / LANGUAGE_HOST
            return Engine(folder / ENGINE, f"{origin} before", host if host.exists() else None)
    return None


def official_reachable() -> bool:
    """Whether the product's own download site can be reached at all: answers within seconds."""
    try:
        socket.create_connection((OFFICIAL_HOST, 443), timeout=REACH_TIMEOUT).close()
    except OSError:
        return False
    return True


def _new_enough(path: Path) -> bool:
    try:
        done = subprocess.run(
            [path, "version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", done.stdout)
    if found is None:
        return False
    version = tuple(int(part) for part in found.groups())
    return version[0] == OLDEST[0] and version >= OLDEST


# -- the official download ---------------------------------------------------------------------


def _download_folder() -> Path:
    return paths.cache() / "engine" / f"v{VERSION}-official-{_machine()}"


def _machine() -> str:
    return {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def _download(say: Say, base: str = OFFICIAL) -> Engine | None:
    """None where the site cannot be reached: that is no failure, there is another way."""
    if base == OFFICIAL and not official_reachable():
        return None
    name = f"pulumi-v{VERSION}-linux-{_machine()}.tar.gz"
    say(f"downloading Pulumi {VERSION}")
    folder = _download_folder()
    with _scratch(folder.parent) as scratch:
        try:
            with (
                urllib.request.urlopen(  # noqa: S310 - a fixed https address
                    f"{base}/{name}", timeout=DOWNLOAD_TIMEOUT
                ) as answer,
                tarfile.open(fileobj=answer, mode="r|gz") as archive,
            ):
                archive.extractall(scratch, filter="data")
        except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
            say(f"the download failed ({error}); building it instead")
            return None
        if not _new_enough(Path(scratch) / "pulumi" / ENGINE):
            say(f"the download holds no {ENGINE} that runs here; building it instead")
            return None
        _put(Path(scratch) / "pulumi", folder)
    host = folder / LANGUAGE_HOST
    return Engine(folder / ENGINE, "downloaded", host if host.exists() else None)


# -- built from its module ---------------------------------------------------------------------


def _build_folder() -> Path:
    """Named by everything that decides the outcome."""
    digest = hashlib.sha256()
    for part in (*_build_arguments(Path("out")), platform.machine()):
        digest.update(part.encode() + b"\0")
    for name in ("go.mod", "go.sum"):
        digest.update((SOURCES / name).read_bytes())
    return paths.cache() / "engine" / f"v{VERSION}-{digest.hexdigest()[:16]}"


def _build_arguments(target: Path) -> list[str]:
    # Without symbols and debug data the linker has half the work; the version is stamped, since
    # the Automation API refuses an engine that does not know its own.
    flags = f"-s -w -X {VERSION_SYMBOL}=v{VERSION}"
    return ["build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", str(target), MODULE]


def go() -> Path:
    """A Go that can build the engine, or what to install."""
    found = shutil.which("go")
    todo = (
        f"Install Go {'.'.join(map(str, OLDEST_GO))} or newer and put it on PATH, or install "
        "the Pulumi CLI itself; then run the same command again."
    )
    if found is None:
        raise LocalCloudError(
            "The Pulumi CLI is not installed and cannot be downloaded here, and there is no Go "
            "(no `go` on PATH) to build it with.",
            todo,
        )
    done = subprocess.run([found, "env", "GOVERSION"], capture_output=True, text=True, check=False)
    version = re.match(r"go(\d+)\.(\d+)", done.stdout)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_GO:
        raise LocalCloudError(
            f"{found} is {done.stdout.strip() or 'no working Go'}: too old.", todo
        )
    return Path(found)


def _build(say: Say, marks: Mapping[str, str]) -> Engine:
    command = go()
    folder = _build_folder()
    say(f"building Pulumi {VERSION} from its Go module (once; about five minutes)")
    with _scratch(folder.parent) as scratch:
        for name in ("go.mod", "go.sum"):
            shutil.copy(SOURCES / name, scratch)
        target = Path(scratch) / "out" / ENGINE
        # Where Go works is taken away with everything else, however the build ends.
        tmp = {"GOTMPDIR": scratch}
        done = go_build([str(command), *_build_arguments(target)], Path(scratch), {**marks, **tmp})
        if done.returncode:
            last = "\n".join(done.stderr.strip().splitlines()[-8:])
            raise LocalCloudError(
                f"Building the Pulumi CLI failed:\n{last}",
                "Is the Go module proxy reachable (`go env GOPROXY`)? "
                "Or install the Pulumi CLI yourself and put it on PATH.",
            )
        _put(target.parent, folder)
    return Engine(folder / ENGINE, "built", None)


def go_build(
    words: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """What came of it at last: Go asks a module proxy once, and keeps what it was given."""

    def build() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=folder,
            # Pure Go needs no C compiler; a workspace file above must not be picked up.
            env={**os.environ, **environment, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return again_where_it_failed(build, lambda done: bool(NOT_FETCHED.search(done.stderr)))


@contextmanager
def _scratch(parent: Path) -> Iterator[str]:
    """A folder beside the place where its contents will go; what a kill left there is removed."""
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.glob(f"{UNFINISHED}*"):
        if time.time() - left.stat().st_mtime > LONGEST_BUILD:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=parent) as scratch:
        yield scratch


def _put(source: Path, folder: Path) -> None:
    """Into place in one step, so that a kill leaves either nothing or all of it."""
    try:
        source.rename(folder)
    except OSError:
        if not (folder / ENGINE).exists():  # else another run was faster, with the same contents
            raise
