"""How long a host waits for the load balancer to notice that it leaves, or is back."""

import time

import pytest

from hosts.programs.releasing import rotation


def test_a_machine_that_stands_still_for_a_while_waits_as_much_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = 0.0
    stands_still = [30.0]

    def sleep(seconds: float) -> None:
        nonlocal clock
        clock += max(seconds, stands_still.pop() if stands_still else 0)

    monkeypatch.setattr(time, "sleep", sleep)

    rotation.run_for(21)

    assert round(clock, 6) == 30 + 21 - rotation.STEP
