"""Databases go back to a dump on the whole stack, as a person asks for it, and back again."""

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cloud import Cloud, wait_for
from tests.e2e.served import (
    PATIENCE,
    PHOTO,
    SERVED,
    THREED,
    Served,
    hosts_of,
    made,
    on_each,
    register,
    status_of,
    under_load,
    well,
)
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def visitor(platform: Cloud, first_up: str) -> Visitor:
    assert first_up
    return Visitor(platform)


def ready(visitor: Visitor, served: Served) -> Cloud:
    """It serves, nothing stands aside, and there is a user, without whom a dump proves nothing."""
    well(visitor, served)
    # What an earlier run left, where the stack stays up from one to the next.
    visitor.cloud.command("restore", "local", served.name, "--yes", "--drop-old")
    register(visitor, served)
    return visitor.cloud


def of_dumps(cloud: Cloud, served: Served, action: str) -> str:
    program = ("sudo", "-n", "-u", "groundwork-dumps", "/usr/local/lib/groundwork/dump")
    return cloud.expect_command("connect", "local", "--", *program, action, f"{served.name}-main")


def nothing_is_paused(cloud: Cloud, served: Served) -> bool:
    return all(
        host.container.run("test", "-e", f"/var/lib/groundwork/paused/{served.name}").returncode
        for host in hosts_of(cloud, served).values()
    )


def lost(served: Served, failure: dict[str, Any]) -> bool:
    """Whether somebody asked for what he had made since the dump."""
    made_at = tuple(f"{path.partition('?')[0]}/" for one in served.traffic for path in one.posts)
    _, path = failure["request"].split(" ", 1)
    return path.startswith(made_at) and "answered 404" in failure["reason"]


@on_each(*SERVED)
def test_what_was_dumped_is_there_again_and_what_came_later_is_not(
    visitor: Visitor, served: Served, tmp_path: Path
) -> None:
    cloud, name = ready(visitor, served), served.name
    first = made(visitor, served)
    assert "is there, with its checksum" in cloud.expect_command("dump", "local", name)
    second = made(visitor, served)
    assert [status_of(visitor, one) for one in (first, second)] == [200, 200]

    drilled = cloud.expect_command("restore-drill", "local", name)
    with under_load(visitor, served, tmp_path) as load:
        restored = cloud.expect_command("restore", "local", name, "--yes")

    as_dumped = re.compile(r"[1-9]\d* tables, [1-9]\d* rows, as dumped")
    for said in (drilled, restored):
        assert "checksum right" in said
        assert as_dumped.search(said)
    assert as_dumped.findall(drilled) == as_dumped.findall(restored)
    assert "drill passed" in drilled
    assert [status_of(visitor, one) for one in (first, second)] == [200, 404]
    well(visitor, served)
    # It says so, too, when a store is slow.
    well_again = ("ok", "up")
    assert wait_for(lambda: visitor.told(served.deep_at)["status"].lower() in well_again, PATIENCE)
    # Who came in between was asked to come again; and who had posted since the dump has lost it.
    print(load.failures)
    turned_away = [one for one in load.failures if "answered 503" in one["reason"]]
    assert turned_away
    assert [one for one in load.failures if one not in turned_away and not lost(served, one)] == []
    # Of all failures, not only of those that are shown.
    for seen in load.seen.values():
        answered = seen["statuses"]
        assert seen["failed"] == answered.get("503", 0) + answered.get("404", 0), seen
    assert nothing_is_paused(cloud, served)
    assert "Nothing to change" in cloud.expect("up")
    assert " dropped" in cloud.expect_command("restore", "local", name, "--yes", "--drop-old")
    assert '"aside": []' in of_dumps(cloud, served, "status")


@on_each(THREED, PHOTO)
def test_a_restore_is_undone_and_what_was_written_since_is_dropped(
    visitor: Visitor, served: Served
) -> None:
    cloud, name = ready(visitor, served), served.name
    cloud.expect_command("dump", "local", name)
    before = made(visitor, served)
    cloud.expect_command("restore", "local", name, "--yes")
    since = made(visitor, served)
    assert [status_of(visitor, one) for one in (before, since)] == [404, 200]

    refused = cloud.command("restore", "local", name, "--yes")
    assert refused.returncode == 1
    assert "still stands aside from an earlier restore" in refused.stdout
    cloud.expect_command("restore", "local", name, "--yes", "--undo")

    assert [status_of(visitor, one) for one in (before, since)] == [200, 404]
    assert '"aside": []' in of_dumps(cloud, served, "status")
    assert nothing_is_paused(cloud, served)
    well(visitor, served)
    assert "Nothing to change" in cloud.expect("up")


@on_each(THREED, PHOTO)
def test_a_dump_that_is_damaged_changes_nothing_and_nobody_notices(
    visitor: Visitor, served: Served, tmp_path: Path
) -> None:
    cloud, name = ready(visitor, served), served.name
    cloud.expect_command("dump", "local", name)
    kept = made(visitor, served)
    store = cloud.client("s3")
    (bucket,) = [
        one["Name"]
        for one in store.list_buckets()["Buckets"]
        if one["Name"].startswith(f"{name}-backups-")
    ]
    found = [one["Key"] for one in store.list_objects_v2(Bucket=bucket)["Contents"]]
    newest = max(key for key in found if key.endswith((".dump", ".sql.gz")))
    content = store.get_object(Bucket=bucket, Key=newest)["Body"].read()
    store.put_object(Bucket=bucket, Key=newest, Body=content[:-100] + os.urandom(100))

    try:
        with under_load(visitor, served, tmp_path) as load:
            done = cloud.command("restore", "local", name, "--yes")
            time.sleep(5)
    finally:
        store.put_object(Bucket=bucket, Key=newest, Body=content)

    assert done.returncode == 1
    assert "not what its checksum promises" in done.stdout
    assert "are as they were" in done.stdout
    load.nobody_noticed()
    assert status_of(visitor, kept) == 200
    assert '"prepared": null, "aside": []' in of_dumps(cloud, served, "status")
