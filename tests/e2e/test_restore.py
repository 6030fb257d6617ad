"""A database goes back to a dump on the whole stack, as a person asks for it, and back again."""

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cloud import Cloud
from tests.e2e.served import THREED, hosts_of, under_load, well
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.long

APP = THREED.name
API = "https://api.3dgenerator.test"
PAUSED = f"/var/lib/groundwork/paused/{APP}"


@pytest.fixture
def visitor(platform: Cloud, first_up: str) -> Visitor:
    assert first_up
    made = Visitor(platform)
    well(made, THREED)
    # What an earlier run left aside, where the stack stays up from one to the next.
    platform.command("restore", "local", APP, "--yes", "--drop-old")
    return made


def of_dumps(cloud: Cloud, action: str) -> str:
    program = ("sudo", "-n", "-u", "groundwork-dumps", "/usr/local/lib/groundwork/dump")
    return cloud.expect_command("connect", "local", "--", *program, action, f"{APP}-main")


def posted(visitor: Visitor, folder: Path) -> dict[str, Any]:
    file = folder / "model"
    file.write_bytes(os.urandom(2000))
    return visitor.told(f"{API}/models?name=chair", "--data-binary", f"@{file}")


def status_of(visitor: Visitor, model: dict[str, Any]) -> int:
    """From the database: what a cache remembers is its own business."""
    time.sleep(0.2)
    return visitor.ask(f"{API}/models/{model['id']}", "-H", "Cache-Control: no-cache").status


def an_account(visitor: Visitor) -> None:
    """A dump without a user proves nothing (validate_with)."""
    told = '{"email": "ann@3dgenerator.test", "password": "correct horse battery"}'
    answer = visitor.ask(f"{API}/auth/register", "-d", told)
    assert answer.status in (201, 409), answer


def nothing_is_paused(visitor: Visitor) -> bool:
    return all(
        host.container.run("test", "-e", PAUSED).returncode != 0
        for host in hosts_of(visitor.cloud, THREED).values()
    )


def test_what_was_dumped_is_there_again_and_what_came_later_is_not(
    visitor: Visitor, tmp_path: Path
) -> None:
    cloud = visitor.cloud
    an_account(visitor)
    first = posted(visitor, tmp_path)
    assert "is there, with its checksum" in cloud.expect_command("dump", "local", APP)
    second = posted(visitor, tmp_path)
    assert (status_of(visitor, first), status_of(visitor, second)) == (200, 200)

    with under_load(visitor, THREED, tmp_path) as load:
        said = cloud.expect_command("restore", "local", APP, "--yes")

    assert re.search(r"\d+ tables, \d+ rows, as dumped", said)
    assert (status_of(visitor, first), status_of(visitor, second)) == (200, 404)
    well(visitor, THREED)
    deep = visitor.told(f"{API}/health/db")
    assert deep["status"] == "ok", deep
    # Who came in between was asked to come again; and who had posted since the dump has lost it.
    print(load.failures)
    turned_away = [one for one in load.failures if "answered 503" in one["reason"]]
    assert turned_away
    for one in load.failures:
        lost = one["request"].startswith("GET /models/") and "answered 404" in one["reason"]
        assert one in turned_away or lost, one
    assert nothing_is_paused(visitor)
    third = posted(visitor, tmp_path)
    assert "Nothing to change" in cloud.expect("up")

    assert cloud.command("restore", "local", APP, "--yes").returncode == 1
    cloud.expect_command("restore", "local", APP, "--yes", "--undo")

    found = [status_of(visitor, model) for model in (first, second, third)]
    assert found == [200, 200, 404]
    assert '"aside": []' in of_dumps(cloud, "status")
    assert "Nothing to change" in cloud.expect("up")


def test_a_dump_that_is_damaged_changes_nothing_and_nobody_notices(
    visitor: Visitor, tmp_path: Path
) -> None:
    cloud = visitor.cloud
    an_account(visitor)
    cloud.expect_command("dump", "local", APP)
    kept = posted(visitor, tmp_path)
    store = cloud.client("s3")
    (bucket,) = [
        one["Name"]
        for one in store.list_buckets()["Buckets"]
        if one["Name"].startswith(f"{APP}-backups-")
    ]
    found = store.list_objects_v2(Bucket=bucket, Prefix="database/")["Contents"]
    newest = max(one["Key"] for one in found if one["Key"].endswith(".dump"))
    content = store.get_object(Bucket=bucket, Key=newest)["Body"].read()
    store.put_object(Bucket=bucket, Key=newest, Body=content[:-100] + os.urandom(100))

    try:
        with under_load(visitor, THREED, tmp_path) as load:
            done = cloud.command("restore", "local", APP, "--yes")
            time.sleep(5)
    finally:
        store.put_object(Bucket=bucket, Key=newest, Body=content)

    assert done.returncode == 1
    assert "not what its checksum promises" in done.stdout
    assert "are as they were" in done.stdout
    load.nobody_noticed()
    assert status_of(visitor, kept) == 200
    assert '"prepared": null, "aside": []' in of_dumps(cloud, "status")
