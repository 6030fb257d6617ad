"""The engine is found where it is quickest to have, and never half in place."""

import io
import os
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from localcloud import fetching
from localcloud.engine import binary
from localcloud.error import LocalCloudError


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDWORK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(binary, "official_reachable", lambda: False)


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *names: str, version: str) -> None:
    for name in names:
        executable(tmp_path / "bin" / name, f"echo v{version}")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")


def test_the_engine_on_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path(tmp_path, monkeypatch, "pulumi", "pulumi-language-python", version="3.251.0")

    found = binary.find(print)

    assert found.path == tmp_path / "bin" / "pulumi"
    assert found.language_host == tmp_path / "bin" / "pulumi-language-python"


@pytest.mark.parametrize("version", ["3.199.9", "2.300.0", "4.0.0", ""])
def test_an_engine_of_another_age_is_passed_over(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(tmp_path, monkeypatch, "pulumi", "pulumi-language-python", version=version)

    assert binary.on_path() is None


def test_an_engine_without_its_language_host_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(tmp_path, monkeypatch, "pulumi", version="3.251.0")

    assert binary.on_path() is None


FAKE_GO = """
case $1 in
  env) echo go1.26.1 ;;
  build)
    test -f go.mod && test -f go.sum || exit 2
    while [ "$1" != -o ]; do shift; done
    mkdir -p "$(dirname "$2")"; echo "$@" > "$2"; exit CODE ;;
esac
"""


def test_a_built_engine_is_kept_for_the_next_clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(tmp_path / "bin" / "go", FAKE_GO.replace("CODE", "0"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    assert binary.find(print).origin == "built"
    (tmp_path / "bin" / "go").unlink()

    found = binary.find(print)

    assert found.origin == "built before"
    assert "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" in found.path.read_text()


def test_a_failed_build_says_why_and_leaves_nothing_to_be_taken_for_an_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "PAUSE", 0)
    text = FAKE_GO.replace("exit CODE", "echo 'dial tcp: no route' >&2; exit 1")
    executable(tmp_path / "bin" / "go", text)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")

    with pytest.raises(LocalCloudError, match="dial tcp: no route"):
        binary.find(print)

    assert binary.cached() is None
    assert list((tmp_path / "cache" / "engine").iterdir()) == []


def test_a_module_proxy_that_does_not_answer_once_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "PAUSE", 0)
    asked = tmp_path / "asked"
    once = f"test -e {asked} && exit 0; touch {asked}; echo 'dial tcp: i/o timeout' >&2; exit 1"
    executable(tmp_path / "bin" / "go", FAKE_GO.replace("exit CODE", once))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")

    assert binary.find(print).origin == "built"


def test_what_a_killed_build_left_is_removed_once_it_is_surely_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(tmp_path / "bin" / "go", FAKE_GO.replace("CODE", "0"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    old = tmp_path / "cache" / "engine" / "unfinished-old"
    young = tmp_path / "cache" / "engine" / "unfinished-young"
    old.mkdir(parents=True)
    young.mkdir()
    os.utime(old, (0, 0))

    binary.find(print)

    assert not old.exists()
    assert young.exists()


def test_the_version_is_stamped_into_what_is_built() -> None:
    assert f"version.Version=v{binary.VERSION}" in " ".join(binary._build_arguments(Path("out")))


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Iterator[str]:
    """A download site on this machine that serves one archive."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(request.param)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


SCRIPT = b"#!/bin/sh\necho v3.250.0\n"


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(SCRIPT), 0o755
            tar.addfile(entry, io.BytesIO(SCRIPT))
    return buffer.getvalue()


BOTH = archive("pulumi/pulumi", "pulumi/pulumi-language-python")


@pytest.mark.parametrize("site", [BOTH], ids=["whole"], indirect=True)
def test_a_download_brings_the_language_host_along(site: str) -> None:
    found = binary._download(print, base=site)

    assert found is not None
    assert found.language_host is not None
    cached = binary.cached()
    assert cached is not None
    assert cached.origin == "downloaded before"
    assert cached.language_host == found.language_host


BROKEN = {"cut off": BOTH[: len(BOTH) // 2], "a page": b"<html>", "empty": archive("readme")}


@pytest.mark.parametrize("site", BROKEN.values(), ids=BROKEN, indirect=True)
def test_a_broken_download_is_no_engine(site: str) -> None:
    assert binary._download(print, base=site) is None
    assert binary.cached() is None
