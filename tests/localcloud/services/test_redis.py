import hashlib
from dataclasses import replace

import pytest

from localcloud.services.redis import (
    Wishes,
    configuration,
    memory_limit,
    users,
    without_effect,
)

WISHES = Wishes(
    port=6379,
    node_type="cache.t4g.small",
    encrypted=True,
    token="a-token-of-sixteen",
    administrator="administrators-own",
    parameters={"maxmemory-policy": "noeviction"},
    leader=None,
)


def test_a_client_needs_the_token_and_the_file_has_only_its_digest() -> None:
    text = configuration(WISHES)
    digest = hashlib.sha256(b"a-token-of-sixteen").hexdigest()
    assert f"user default on #{digest} " in text
    assert "a-token-of-sixteen" not in text


def test_without_a_token_anybody_comes_in() -> None:
    assert users(replace(WISHES, token=None))["default"].startswith("on nopass ")


@pytest.mark.parametrize("command", ["config", "shutdown", "debug", "replicaof"])
def test_a_client_may_not_use_what_elasticache_restricts(command: str) -> None:
    assert f" -{command}" in users(WISHES)["default"]


def test_with_encryption_there_is_no_port_without_it() -> None:
    assert {"port 0", "tls-port 6379"} <= set(configuration(WISHES).splitlines())
    plain = configuration(replace(WISHES, encrypted=False)).splitlines()
    assert "port 6379" in plain
    assert not any(line.startswith("tls") for line in plain)


def test_a_follower_names_its_leader() -> None:
    assert "replicaof" not in configuration(WISHES).split("user ")[-1].splitlines()[-1]
    follower = configuration(replace(WISHES, leader="10.0.0.5"))
    assert follower.endswith("replicaof 10.0.0.5 6379\n")


def test_a_node_holds_three_quarters_of_its_memory_unless_told_otherwise() -> None:
    assert memory_limit("cache.t4g.small", {}) == int(1.37 * 1024**3 * 0.75)
    assert memory_limit("cache.t4g.small", {"reserved-memory-percent": "0"}) == int(1.37 * 1024**3)


def test_a_parameter_without_effect_here_is_named() -> None:
    given = {"maxmemory-policy": "noeviction", "close-on-replica-write": "yes"}
    assert without_effect(replace(WISHES, parameters=given)) == ["close-on-replica-write"]
