"""What `make status` says of the local stack, and draws of it."""

from pathlib import Path
from xml.etree import ElementTree

from tests.e2e.cloud import Cloud, wait_for

HOSTS = ("api-a1", "api-b1", "web-a1", "web-b1")


def test_status_names_everything_that_is_up_and_finds_it_well(
    platform: Cloud, first_up: str, tmp_path: Path
) -> None:
    assert first_up
    drawn = tmp_path / "local.svg"
    words = ("status", "local", "--picture", str(drawn))

    # A replica's first figure comes within a minute.
    assert wait_for(lambda: "no figure yet" not in platform.command(*words).stdout, 150)
    done = platform.command(*words)

    assert done.returncode == 0
    for host in (*HOSTS, "groundwork-operations"):
        assert f" {host} " in done.stdout
    assert "1.0.0" in done.stdout
    assert done.stdout.count("healthy") >= 2 * len(HOSTS)
    assert "unhealthy" not in done.stdout
    assert "https://3dgenerator.test" in done.stdout
    # Each API says by its deep path, on each of its hosts, that it reaches its stores.
    assert done.stdout.count(" well ") >= 2
    assert "hours without a dump" in done.stdout
    ElementTree.fromstring(drawn.read_text())  # noqa: S314 - our own
    assert all(f">{host} · t3.medium<" in drawn.read_text() for host in HOSTS)
