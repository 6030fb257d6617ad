"""A release that nobody notices, one that is taken back, and changes that roll like a release."""

from pathlib import Path

import pytest

from tests.e2e.cloud import STACK_FILE, Cloud
from tests.e2e.served import (
    SERVED,
    Served,
    choose,
    hosts_of,
    publish,
    under_load,
    version_of,
    well,
)
from tests.e2e.visitor import Visitor

GOOD, BAD, BETTER = "1.0.1", "1.0.2", "1.0.3"

each = pytest.mark.parametrize("served", SERVED, ids=lambda served: served.name)


@pytest.fixture(scope="module")
def visitor(platform: Cloud, first_up: str) -> Visitor:
    assert first_up
    return Visitor(platform)


def errors(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith("error: ")]


@each
def test_nobody_notices_a_good_release(visitor: Visitor, served: Served, tmp_path: Path) -> None:
    cloud = visitor.cloud
    well(visitor, served)
    before = version_of(visitor, served)
    publish(cloud, served, GOOD, tmp_path)
    choose(cloud, served, GOOD)
    with under_load(visitor, served, tmp_path) as load:
        cloud.expect("up")
    load.nobody_noticed()
    for traffic in served.traffic:
        assert load.versions(traffic.host) == {before, GOOD}
    assert all(visitor.ask(address).status == 200 for address in load.acknowledged[-20:])


@pytest.mark.long
@each
def test_a_bad_release_leaves_the_old_one_serving_and_the_next_good_one_goes_through(
    visitor: Visitor, served: Served, tmp_path: Path
) -> None:
    cloud = visitor.cloud
    well(visitor, served)
    before = version_of(visitor, served)
    publish(cloud, served, BAD, tmp_path, unwell=served.unwell)
    choose(cloud, served, BAD)
    with under_load(visitor, served, tmp_path) as load:
        done = cloud.run("up")
        go_back(cloud, served)
    publish(cloud, served, BETTER, tmp_path)
    choose(cloud, served, BETTER)
    assert done.returncode != 0
    (error,) = errors(done.stdout)
    assert f"{served.name} {BAD} does not become healthy" in error
    assert f"{before} serves here as before" in done.stdout
    load.nobody_noticed()
    well(visitor, served)
    assert {version_of(visitor, served) for _ in range(6)} == {before}

    with under_load(visitor, served, tmp_path) as load:
        cloud.expect("up")
    load.nobody_noticed()
    assert {version_of(visitor, served) for _ in range(6)} == {BETTER}


def go_back(cloud: Cloud, served: Served) -> None:
    """Hosts that had changed go back when no word comes; here they need not wait for that."""
    unit = f"groundwork-return-{served.name}"
    for host in cloud.machines().values():
        armed = host.container.run("systemctl", "is-active", "--quiet", f"{unit}.timer")
        if armed.returncode == 0:
            host.says("systemctl", "start", f"{unit}.service")


@pytest.mark.long
@each
def test_nobody_notices_a_changed_variable(
    visitor: Visitor, served: Served, tmp_path: Path
) -> None:
    cloud = visitor.cloud
    well(visitor, served)
    variable, value = served.variable
    settings = ("config", "groundwork:applications", served.name)
    cloud.edit(STACK_FILE, *settings, "environment", value={served.service: {variable: value}})
    with under_load(visitor, served, tmp_path) as load:
        cloud.expect("up")
    load.nobody_noticed()
    for host in hosts_of(cloud, served).values():
        # Of the running processes, not of a file that they will read some day.
        words = ("--files-with-matches", "--no-messages", "--line-regexp", f"{variable}={value}")
        assert host.says(
            "sh", "-c", 'exec grep --null-data "$@" /proc/[0-9]*/environ', "sh", *words
        )


@pytest.mark.long
@each
def test_nobody_notices_a_changed_unit(visitor: Visitor, served: Served, tmp_path: Path) -> None:
    cloud = visitor.cloud
    well(visitor, served)
    unit = f"{served.name}-{served.service}.service"
    hosts = hosts_of(cloud, served)

    def shown(what: str) -> dict[str, str]:
        words = ("systemctl", "show", f"--property={what}", "--value", unit)
        return {name: host.says(*words) for name, host in hosts.items()}

    before, processes = shown("TimeoutStopUSec"), shown("MainPID")
    cloud.edit(f"apps/{served.name}.yaml", "services", served.service, "stop_seconds", value=27)
    with under_load(visitor, served, tmp_path) as load:
        cloud.expect("up")
    load.nobody_noticed()
    assert set(shown("TimeoutStopUSec").values()).isdisjoint(before.values())
    assert all(pid != processes[name] for name, pid in shown("MainPID").items())
