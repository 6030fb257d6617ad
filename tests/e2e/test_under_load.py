"""Releases that nobody notices, bad ones that are taken back, and changes that roll like a release.

Visitors come all the time, and every request of theirs is counted.
"""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.e2e.cloud import STACK_FILE, Cloud, Host, wait_for
from tests.e2e.database_server import described, name_of, query
from tests.e2e.served import (
    INGENIO,
    PATIENCE,
    SERVED,
    THREED,
    Load,
    Served,
    choose,
    colour_of,
    fresh_version,
    hosts_in,
    hosts_of,
    migration,
    on_each,
    publish,
    under_load,
    unit_of,
    version_of,
    well,
)
from tests.e2e.visitor import Visitor

each = on_each(*SERVED)

# By a command of the application's own, and by the program's runner of SQL files; where the file
# is recorded that was run.
MIGRATED = {THREED.name: "name", INGENIO.name: "script_name"}


@pytest.fixture(scope="module")
def visitor(platform: Cloud, first_up: str) -> Visitor:
    assert first_up
    return Visitor(platform)


def errors(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith("error: ")]


# -- good ones ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Released:
    """One run that released a new version of every application, under the load of all."""

    began: float
    before: dict[str, str]
    versions: dict[str, str]
    """What serves now."""
    colours: dict[str, int | None]
    """Host → which of two ports answered before."""
    migrations: dict[str, str]
    """Application → the file that its version brings along."""
    loads: dict[str, Load]


@contextmanager
def all_under_load(visitor: Visitor, folder: Path) -> Iterator[dict[str, Load]]:
    with ExitStack() as stack:
        yield {
            served.name: stack.enter_context(under_load(visitor, served, folder))
            for served in SERVED
        }


@pytest.fixture(scope="module")
def released(visitor: Visitor, tmp_path_factory: pytest.TempPathFactory) -> Released:
    cloud, folder = visitor.cloud, tmp_path_factory.mktemp("released")
    for served in SERVED:
        well(visitor, served)
    before = {served.name: version_of(visitor, served) for served in SERVED}
    colours = {name: colour_of(host, INGENIO) for name, host in hosts_of(cloud, INGENIO).items()}
    migrations = {
        served.name: migration(fresh_version(cloud, served), folder / served.name)
        for served in SERVED
        if served.name in MIGRATED
    }
    versions = {
        served.name: publish(cloud, served, folder, migration=migrations.get(served.name))
        for served in SERVED
    }
    for served in SERVED:
        choose(cloud, served, versions[served.name])
    began = time.time()
    with all_under_load(visitor, folder) as loads:
        cloud.expect("up")
    files = {name: file.name for name, file in migrations.items()}
    return Released(began, before, versions, colours, files, loads)


@each
def test_nobody_notices_a_good_release(
    visitor: Visitor, released: Released, served: Served
) -> None:
    load, version = released.loads[served.name], released.versions[served.name]
    load.nobody_noticed()
    for traffic in served.traffic:
        assert load.versions(traffic.host) == {released.before[served.name], version}
    assert {version_of(visitor, served) for _ in range(4)} == {version}
    if served.pages_version_at:
        pages = {visitor.told(served.pages_version_at)["version"] for _ in range(4)}
        assert pages == {version}
    acknowledged = load.acknowledged[-20:]
    assert acknowledged
    assert all(
        slowly(visitor, address)["id"] for address in acknowledged if "upload" not in address
    )


def slowly(visitor: Visitor, address: str) -> Any:
    """Below every limit, however many there are to ask for."""
    time.sleep(0.15)
    return visitor.told(address)


@on_each(*(served for served in SERVED if served.worker))
def test_jobs_that_are_asked_for_during_a_release_are_all_done(
    visitor: Visitor, released: Released, served: Served
) -> None:
    jobs = released.loads[served.name].jobs
    assert len(jobs) > 10
    done = [outcome(visitor, address) for address in jobs]
    assert [one for one in done if one["state"] != "completed"] == []
    # Each the first time: none was cut off, and none was given back.
    assert {one["attempts"] for one in done} == {1}
    versions = {one["result"]["version"] for one in done}
    assert versions == {released.before[served.name], released.versions[served.name]}
    assert served.worker
    pool, worker = served.worker
    for host in hosts_in(visitor.cloud, pool).values():
        said = journal(host, released.began, "--unit", f"{served.name}-{worker}.service")
        assert sum("Deactivated successfully" in line for line in said) == 1
        assert not [line for line in said if "Failed with result" in line or "timed out" in line]


def outcome(visitor: Visitor, address: str) -> Any:
    """What has become of a job, once that is certain."""
    told: Any = {}

    def over() -> bool:
        told.update(slowly(visitor, address))
        return told["state"] in ("completed", "failed")

    assert wait_for(over, PATIENCE)
    return told


def journal(host: Host, since: float, *words: str) -> list[str]:
    told = host.says("journalctl", "--quiet", "--output=cat", f"--since=@{since:.0f}", *words)
    return told.splitlines()


def test_two_colours_take_turns_and_the_old_one_ends(visitor: Visitor, released: Released) -> None:
    hosts = hosts_of(visitor.cloud, INGENIO)
    assert len(hosts) > 1
    for name, host in hosts.items():
        old, new = released.colours[name], colour_of(host, INGENIO)
        assert {old, new} == {8080, 8081}
        states = {port: f"{INGENIO.name}-{INGENIO.service}@{port}.service" for port in (old, new)}
        # It is held for a while, so that the way back is short, and finishes what it has begun.
        assert wait_for(lambda unit=states[old], on=host: state(on, unit) == "inactive", PATIENCE)
        assert (
            host.says("systemctl", "show", "--property=Result", "--value", states[old]) == "success"
        )
        assert state(host, states[new]) == "active"
        enabled = {
            port: host.container.run("systemctl", "is-enabled", unit).stdout.strip()
            for port, unit in states.items()
        }
        assert enabled == {old: "disabled", new: "enabled"}


def state(host: Host, unit: str) -> str:
    return host.container.run("systemctl", "is-active", unit).stdout.strip()


@each
def test_a_release_migrates_once_however_many_hosts_it_has(
    visitor: Visitor, released: Released, served: Served
) -> None:
    cloud, version = visitor.cloud, released.versions[served.name]
    assert len(hosts_of(cloud, served)) > 1
    database = described(cloud, served.name)
    record = "groundwork_migrations" if database["Engine"] == "mysql" else "groundwork.migrations"
    counted = f"SELECT count(*) FROM {record} WHERE version = '{version}'"  # noqa: S608 - ours
    assert query(cloud, database, counted, of=name_of(served.name)) == "1"
    said = journal(
        cloud.machines()["groundwork-operations"],
        released.began,
        f"--identifier={served.name}-migrate",
    )
    assert sum(line.endswith(f"brought to {version}") for line in said) == 1
    if served.name in MIGRATED:
        file = released.migrations[served.name]
        rows = f"SELECT count(*) FROM schema_migrations WHERE {MIGRATED[served.name]} = '{file}'"  # noqa: S608 - ours
        assert query(cloud, database, rows, of=name_of(served.name)) == "1"
        assert sum(file in line for line in said) == 1


# -- bad ones -------------------------------------------------------------------------------------


@pytest.mark.long
@each
def test_a_bad_release_leaves_the_old_one_serving(
    visitor: Visitor, served: Served, tmp_path: Path
) -> None:
    cloud = visitor.cloud
    well(visitor, served)
    before = version_of(visitor, served)
    bad = publish(cloud, served, tmp_path, unwell=served.unwell)
    choose(cloud, served, bad)
    with under_load(visitor, served, tmp_path) as load:
        done = cloud.run("up")
        go_back(cloud, served)
    choose(cloud, served, before)
    assert done.returncode != 0
    (error,) = errors(done.stdout)
    assert f"{served.name} {bad} does not become healthy" in error
    assert f"{before} serves here as before" in done.stdout
    load.nobody_noticed()
    # What is well of it may have answered elsewhere, until it went back with the rest.
    assert load.versions(urlsplit(served.version_at).netloc) == {before}
    well(visitor, served)
    assert {version_of(visitor, served) for _ in range(6)} == {before}


@pytest.mark.long
def test_after_bad_releases_the_next_good_ones_go_through(visitor: Visitor, tmp_path: Path) -> None:
    """All in one run: it ends with the first that fails, wherever the others are by then."""
    cloud = visitor.cloud
    for served in SERVED:
        well(visitor, served)
    before = {served.name: version_of(visitor, served) for served in SERVED}
    for served in SERVED:
        choose(cloud, served, publish(cloud, served, tmp_path, unwell=served.unwell))
    done = cloud.run("up")
    assert done.returncode != 0
    assert errors(done.stdout)
    for served in SERVED:
        go_back(cloud, served)
        well(visitor, served)
        assert {version_of(visitor, served) for _ in range(4)} == {before[served.name]}

    good = {served.name: publish(cloud, served, tmp_path) for served in SERVED}
    for served in SERVED:
        choose(cloud, served, good[served.name])
    with all_under_load(visitor, tmp_path) as loads:
        cloud.expect("up")
    for served in SERVED:
        loads[served.name].nobody_noticed()
        assert {version_of(visitor, served) for _ in range(4)} == {good[served.name]}


def go_back(cloud: Cloud, served: Served) -> None:
    """Hosts that had changed go back when no word comes; here they need not wait for that."""
    unit = f"groundwork-return-{served.name}"
    for host in cloud.machines().values():
        armed = host.container.run("systemctl", "is-active", "--quiet", f"{unit}.timer")
        if armed.returncode == 0:
            host.says("systemctl", "start", f"{unit}.service")


# -- changes --------------------------------------------------------------------------------------


@pytest.mark.long
@each
def test_nobody_notices_a_changed_variable(
    visitor: Visitor, served: Served, tmp_path: Path
) -> None:
    cloud = visitor.cloud
    well(visitor, served)
    variable, value = served.variable
    settings = ("config", "groundwork:applications", served.name)
    placed = yaml.safe_load((cloud.project / STACK_FILE).read_text())
    for key in settings:
        placed = placed[key]
    given = placed.get("environment", {})
    changed = {**given, served.service: {**given.get(served.service, {}), variable: value}}
    cloud.edit(STACK_FILE, *settings, "environment", value=changed)
    with under_load(visitor, served, tmp_path) as load:
        cloud.expect("up")
    load.nobody_noticed()
    # Of the running processes, not of a file that they will read some day. To those of a cluster
    # PM2 hands theirs on as JSON.
    name, given_value = re.escape(variable), re.escape(value)
    pattern = f'{name}={given_value}|pm2_env=.*"{name}":"{given_value}".*'
    words = ("--files-with-matches", "--no-messages", "--line-regexp", "--extended-regexp", pattern)
    for host in hosts_of(cloud, served).values():
        assert host.says(
            "sh", "-c", 'exec grep --null-data "$@" /proc/[0-9]*/environ', "sh", *words
        )


def shown(cloud: Cloud, served: Served, what: str) -> dict[str, str]:
    """Host → what systemd says of the unit that serves there."""
    words = ("systemctl", "show", f"--property={what}", "--value")
    return {
        name: host.says(*words, unit_of(host, served))
        for name, host in hosts_of(cloud, served).items()
    }


@pytest.mark.long
@each
def test_nobody_notices_a_changed_unit(visitor: Visitor, served: Served, tmp_path: Path) -> None:
    cloud = visitor.cloud
    well(visitor, served)
    before = shown(cloud, served, "TimeoutStopUSec")
    processes = shown(cloud, served, "MainPID")
    file, key = f"apps/{served.name}.yaml", ("services", served.service, "stop_seconds")
    cloud.edit(file, *key, value=served.stop_seconds)
    with under_load(visitor, served, tmp_path) as load:
        cloud.expect("up")
    load.nobody_noticed()
    assert set(shown(cloud, served, "TimeoutStopUSec").values()).isdisjoint(before.values())
    after = shown(cloud, served, "MainPID")
    assert all(pid != processes[name] for name, pid in after.items())


@pytest.mark.long
@each
def test_nobody_notices_a_restart(visitor: Visitor, served: Served, tmp_path: Path) -> None:
    cloud = visitor.cloud
    well(visitor, served)
    before = shown(cloud, served, "MainPID")
    with under_load(visitor, served, tmp_path) as load:
        said = cloud.expect_command("restart", "local", served.name)
    load.nobody_noticed()
    after = shown(cloud, served, "MainPID")
    assert all(f"{name}: {served.name} restarted" in said for name in before)
    assert all(after[name] not in ("0", before[name]) for name in before)
    assert "Nothing to change" in cloud.expect("up")
