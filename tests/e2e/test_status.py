"""What `make status` says of the local stack, and draws of it."""

from pathlib import Path
from xml.etree import ElementTree

from tests.e2e.cloud import Cloud, wait_for
from tests.e2e.served import PATIENCE

HOSTS = ("api-a1", "api-b1", "web-a1", "web-b1")


def test_status_names_everything_that_is_up_and_finds_it_well(
    platform: Cloud, first_up: str, tmp_path: Path
) -> None:
    assert first_up
    drawn = tmp_path / "local.svg"
    words = ("status", "local", "--picture", str(drawn))

    said = ""

    def all_is_well() -> bool:
        nonlocal said
        done = platform.command(*words)
        said = done.stdout
        return done.returncode == 0 and "no figure yet" not in said

    # A replica's first figure comes within a minute, and a busy machine may be late with a check.
    assert wait_for(all_is_well, PATIENCE), said
    for host in (*HOSTS, "groundwork-operations"):
        assert f" {host} " in said
    assert "1.0.0" in said
    assert said.count("healthy") >= 2 * len(HOSTS)
    assert "unhealthy" not in said
    assert "https://3dgenerator.test" in said
    # Each API says by its deep path, on each of its hosts, that it reaches its stores.
    assert said.count(" well ") >= 2
    assert "hours without a dump" in said
    ElementTree.fromstring(drawn.read_text())  # noqa: S314 - our own
    assert all(f">{host} · t3.medium<" in drawn.read_text() for host in HOSTS)
