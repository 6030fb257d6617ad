"""A download that fails once is no failure; one that fails for good is not tried for ever."""

import subprocess

import pytest

from localcloud import fetching
from localcloud.fetching import Done, again_where_it_failed


class Mirror:
    """Says so many times that it is not there."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.asked = 0

    def fetch(self) -> Done:
        self.asked += 1
        failed = self.asked <= self.failures
        return subprocess.CompletedProcess(["fetch"], int(failed), "", "reset" if failed else "")


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PAUSE", 0)


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_what_fails_at_first_is_tried_until_it_goes_well(failures: int) -> None:
    mirror = Mirror(failures)

    assert again_where_it_failed(mirror.fetch).returncode == 0
    assert mirror.asked == failures + 1


def test_what_always_fails_is_said_after_a_few_attempts() -> None:
    mirror = Mirror(99)

    assert again_where_it_failed(mirror.fetch).stderr == "reset"
    assert mirror.asked == fetching.ATTEMPTS


def test_what_would_only_fail_again_is_said_at_once() -> None:
    mirror = Mirror(99)

    assert again_where_it_failed(mirror.fetch, lambda done: "reset" not in done.stderr).returncode
    assert mirror.asked == 1
