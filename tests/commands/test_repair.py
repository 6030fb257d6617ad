"""Repair looks at everything again, and changes only what differs."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from commands.__main__ import main
from commands.repair import GONE_OVER
from tests.commands.stand_in import EngineStandIn

URNS = Path(__file__).parent.parent / "urns" / "local.txt"


def test_the_cloud_is_asked_anew_and_the_rules_look_on(engine: EngineStandIn) -> None:
    engine.answer("up")

    assert main(["repair", "prod"]) == 0

    ((verb, *words),) = engine.asked
    assert (verb, words[0], words[1]) == ("up", "--refresh", "--policy-pack")
    assert words[-2:] == ["--stack", "prod"]
    assert "--yes" not in words


def test_nobody_is_asked_where_nobody_is(engine: EngineStandIn) -> None:
    engine.answer("up")

    assert main(["repair", "prod", "--yes"]) == 0

    assert "--yes" in engine.asked[0]


def test_what_the_engine_ends_with_is_what_it_ends_with(engine: EngineStandIn) -> None:
    engine.answer("up", code=3)

    assert main(["repair", "prod"]) == 3


@pytest.mark.parametrize("pattern", GONE_OVER)
def test_each_pattern_means_the_commands_of_every_host(pattern: str) -> None:
    """In the URNs that the local stack has."""
    meant = [urn for urn in URNS.read_text().splitlines() if fnmatchcase(urn, pattern)]
    hosts = {urn.rpartition("::")[2].removeprefix("threed-generator-switch-") for urn in meant}
    assert {"api-a1", "api-b1", "web-a1", "web-b1"} <= hosts
