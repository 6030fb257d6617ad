"""A sixth application on a stack of its own: its file is enough, from nothing until it is gone."""

import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.apps.pack import pack
from tests.apps.sixth import APPLICATION, NAME, PLACED
from tests.e2e import cloud
from tests.e2e.cloud import STACK_FILE, Cloud, wait_for
from tests.e2e.served import PATIENCE, PHOTO, all_healthy, hosts_in
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.long

VERSION = "1.0.0"
DOMAIN = f"{NAME}.test"
PAGES, DATA = f"https://charts.{DOMAIN}", f"https://data.{DOMAIN}"
PLOT = f"{NAME}-plot"

# Without a library, so that it needs no build: given a word, it puts that into the queue; without,
# it takes out one after the other.
PLOT_JS = r"""
import { readFileSync } from "node:fs";
import tls from "node:tls";

const queue = new URL(process.env.QUEUE);
const word = process.argv[2];
const socket = tls.connect({
  host: queue.hostname,
  port: Number(queue.port),
  servername: queue.hostname,
  ca: readFileSync("/etc/ssl/certs/ca-certificates.crt"),
});
const ask = (...words) => socket.write(`${words.join(" ")}\r\n`);
ask("AUTH", decodeURIComponent(queue.password));
word ? ask("RPUSH", "charts", word) : ask("BLPOP", "charts", "0");
let said = "";
socket.on("data", (data) => {
  said += data;
  if (said.startsWith("-")) throw new Error(said);
  if (word && /^:\d+\r\n$/m.test(said)) process.exit(0);
  const taken = /\*2\r\n\$6\r\ncharts\r\n\$\d+\r\n(\w+)\r\n/.exec(said);
  if (!taken) return;
  console.log(`drew ${taken[1]}`);
  said = "";
  ask("BLPOP", "charts", "0");
});
socket.on("close", () => process.exit(1));
"""
PLOT_FILES = {"plot.js": PLOT_JS, "package.json": '{"type": "module"}'}
PAGE = '<!doctype html><title>Star charts</title><img src="/tiles/lyra-3f2a.svg">'
ATLAS_FILES = {
    "index.html": PAGE,
    "tiles/lyra-3f2a.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
}


def packed(folder: Path, part: str, files: Mapping[str, str]) -> Path:
    path = folder / f"{part}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content.encode()), 0o644
            archive.addfile(entry, io.BytesIO(content.encode()))
    return path


@pytest.fixture(scope="module")
def observatory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A clone whose local stack has this application and no other; no line of Python differs."""
    made = cloud.clone(tmp_path_factory.mktemp(NAME))
    (made.project / "apps" / f"{NAME}.yaml").write_text(APPLICATION)
    placed: dict[str, Any] = {
        **yaml.safe_load(PLACED),
        "domain": DOMAIN,
        "check_seconds": 5,
        "hold_seconds": 5,
    }
    wanted = {
        "applications": {NAME: placed},
        "pools": {"hill": {"instance_type": "t3.medium", "count": 2, "disk_gb": 20}},
        "releases": {},
    }
    for key, value in wanted.items():
        made.edit(STACK_FILE, "config", f"groundwork:{key}", value=value)
    yield made
    made.run("down")


@pytest.fixture(scope="module")
def first_up(observatory: Cloud) -> str:
    return observatory.expect("up")


@pytest.fixture(scope="module")
def visitor(observatory: Cloud, first_up: str, tmp_path_factory: pytest.TempPathFactory) -> Visitor:
    """It is released as a person does that, from files that a pipeline would have built."""
    assert first_up
    folder = tmp_path_factory.mktemp("release")
    (api,) = (file for file in pack(PHOTO.name, VERSION, folder) if file.name == "api.tar.gz")
    files = {
        "sky": api,
        "plot": packed(folder, "plot", PLOT_FILES),
        "atlas": packed(folder, "atlas", ATLAS_FILES),
    }
    for part, file in files.items():
        words = ("publish", "local", NAME, VERSION, str(file), "--part", part)
        assert "Published" in observatory.expect_command(*words)
    observatory.expect_command("release", "local", NAME, VERSION, "--yes")
    assert wait_for(lambda: all_healthy(observatory), PATIENCE)
    return Visitor(observatory)


def test_until_it_is_released_it_says_that_it_is_not_there_yet(
    observatory: Cloud, first_up: str
) -> None:
    assert "aws:ec2/instance:Instance" in first_up
    assert {Visitor(observatory).ask(f"{at}/api/x").status for at in (PAGES, DATA)} == {503}


def test_its_pages_come_through_the_front_door(visitor: Visitor) -> None:
    for path in ("/", "/charts/of/winter"):
        page = visitor.ask(f"{PAGES}{path}")
        assert (page.status, page.body) == (200, PAGE)
    tile = visitor.ask(f"{PAGES}/tiles/lyra-3f2a.svg")
    assert "immutable" in tile.header("cache-control")


def test_what_visitors_send_lies_in_its_database(visitor: Visitor) -> None:
    deep = visitor.told(f"{DATA}/api/health/deep")
    assert (deep["status"], list(deep["checks"])) == ("ok", ["primary", "cache"])
    plate = visitor.ask(
        f"{DATA}/api/photos?name=lyra", "-d", "a plate", "-H", "Content-Type: image/png"
    )
    assert plate.status == 201
    found = visitor.ask(f"{DATA}{plate.header('location')}", "-H", "Cache-Control: no-cache")
    assert (found.json()["name"], found.header("x-store")) == ("lyra", "primary")
    assert found.header("x-version") == VERSION


def test_what_its_file_denies_is_closed(visitor: Visitor) -> None:
    assert visitor.ask(f"{DATA}/api/internal/styled", "-d", "{}").status == 403


def test_what_its_schedule_puts_into_the_queue_its_worker_takes(visitor: Visitor) -> None:
    first, other = hosts_in(visitor.cloud, "hill").values()
    clock = ("systemctl", "is-active", f"{PLOT}-nightfall.timer")
    assert first.says(*clock) == "active"
    assert other.container.run(*clock).returncode != 0

    first.says("systemctl", "start", f"{PLOT}-nightfall.service")

    def drawn() -> int:
        told = ("journalctl", "--quiet", "--output=cat", f"--unit={PLOT}.service")
        return sum(host.says(*told).splitlines().count("drew lyra") for host in (first, other))

    assert wait_for(lambda: drawn() == 1, PATIENCE)


def test_up_again_changes_nothing(visitor: Visitor) -> None:
    assert "Nothing to change" in visitor.cloud.expect("up")


def test_nothing_is_left_of_it(visitor: Visitor) -> None:
    visitor.cloud.goes_without_a_trace()
