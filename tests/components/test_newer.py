"""Every stack can be previewed with the provider of the local cloud, though the SDK is newer."""

import pytest

from tests import newer
from tests.stacks import STACKS, built


@pytest.mark.parametrize("stack", STACKS)
def test_the_older_provider_knows_all_that_a_stack_asks_for(stack: str) -> None:
    assert newer.refused_of(built(stack).registered) == {}


def test_what_it_does_not_know_is_found_however_deep_it_stands() -> None:
    function, rule = "aws:cloudfront/function:Function", "aws:lb/listenerRule:ListenerRule"
    condition = {"hostHeader": {"regexValues": ["^a"], "values": ["a.test"]}}

    assert newer.refused(function, {"code": "", "tags": {}}) == ["tags"]
    assert newer.refused(function, {"code": "", "tags": None}) == []
    assert newer.refused(rule, {"conditions": [condition]}) == ["conditions.hostHeader.regexValues"]
    assert newer.refused("aws:sqs/queue:Queue", {"region": "eu-west-1"}) == ["region"]
    assert newer.refused("aws:networkflowmonitor/monitor:Monitor", {}) != []


def test_what_is_known_is_of_the_sdk_that_is_installed() -> None:
    assert newer.FILE.read_text("utf-8").splitlines()[0] == newer.MADE_OF, "python -m tests.newer"


@pytest.mark.e2e
def test_the_provider_itself_says_the_same() -> None:
    assert list(newer.asked()) == newer.FILE.read_text("utf-8").splitlines()
