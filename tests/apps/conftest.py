"""What the tests of all small applications share: the hosts' runtimes, and stores of every kind."""

import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from bootstrap import runtimes as runtime_archives
from localcloud import paths
from localcloud.authority import Authority
from tests.apps.running import NODE, PM2
from tests.apps.stores import Postgres, Redis, metadata_service, postgres, postgres_programs


@pytest.fixture(scope="session")
def runtimes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Node and PM2 as the hosts have them."""
    cache = paths.cache() / "runtimes"
    folder = tmp_path_factory.mktemp("runtimes")
    for name, packed in (
        (f"node-{NODE}", lambda: runtime_archives.pack_node(NODE, "x86_64", cache)),
        (f"pm2-{PM2}", lambda: runtime_archives.pack_pm2(PM2, "x86_64", cache)),
    ):
        archive = cache / f"{name}-x86_64.tar.gz"
        if not archive.exists():
            packed()
        with tarfile.open(archive) as content:
            content.extractall(folder, filter="data")
    (folder / f"node-v{NODE}-linux-x64").rename(folder / "node")
    return folder


@pytest.fixture(scope="session")
def node(runtimes: Path) -> str:
    return str(runtimes / "node" / "bin" / "node")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def server(authority: Authority) -> Iterator[Postgres]:
    programs = postgres_programs()
    assert programs, "apt-get install postgresql"
    with postgres(authority, programs) as running:
        yield running


def _redis(authority: Authority, folder: Path) -> Iterator[Redis]:
    assert shutil.which("redis-server"), "apt-get install redis-server"
    running = Redis(folder)
    try:
        running.start(authority)
        yield running
    finally:
        running.kill()


@pytest.fixture(scope="session")
def redis(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    yield from _redis(authority, tmp_path_factory.mktemp("redis"))


@pytest.fixture(scope="session")
def queue(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis of the queue's own: nothing is ever evicted from it."""
    yield from _redis(authority, tmp_path_factory.mktemp("queue"))


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """Endpoint of an emulated AWS."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        running.stop()


@pytest.fixture(scope="session")
def metadata() -> Iterator[str]:
    with metadata_service() as address:
        yield address
