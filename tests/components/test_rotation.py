"""A rotated secret comes as two values, keeps the one before, and makes who uses it start anew."""

import json
from typing import Any

import pytest

from components.database_access import username
from tests.components.secrecy import is_secret, opened
from tests.components.test_platform import changes
from tests.recording import Engine
from tests.stacks import alone, built

VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
BYTES = "random:index/randomBytes:RandomBytes"
PASSWORD = "random:index/randomPassword:RandomPassword"
COMMAND = "command:remote:Command"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
JWT = "threed-generator-jwt-secret"
USER = "threed-generator-main-roles-prod_user"


def unrotated() -> Engine:
    return built("local", json.dumps(alone("local", "threed-generator")))


def rotated(secret: str, **stands: int) -> Engine:
    rotations = {"rotations": {"threed-generator": {secret: stands}}}
    return built("local", json.dumps(alone("local", "threed-generator") | rotations))


def keys(engine: Engine) -> dict[str, str]:
    value = engine.named(VERSION, JWT).inputs["secretString"]
    assert is_secret(value)
    return json.loads(opened(value))


def stdin(engine: Engine, host: str) -> str:
    return engine.named(COMMAND, host).inputs["stdin"]


def connects_as(engine: Engine) -> dict[str, Any]:
    return json.loads(opened(engine.named(VERSION, USER).inputs["secretString"]))


def test_a_two_key_secret_begins_with_a_key_that_nobody_ever_signed_with() -> None:
    assert keys(unrotated()) == {
        "current": f"generated-{JWT}",
        "previous": f"generated-{JWT}-0",
    }


def test_a_service_is_given_both_keys_and_no_service_one_of_another_kind() -> None:
    told = stdin(unrotated(), "api-a1")

    assert '"JWT_SECRET_PREVIOUS"' in told
    assert '"field": "previous"' in told
    assert "HUNYUAN_API_KEY_PREVIOUS" not in told
    assert "DATABASE_URL_PREVIOUS" not in told


def test_a_new_key_is_accepted_before_it_signs_and_the_last_one_after() -> None:
    first, second = f"generated-{JWT}", f"generated-{JWT}-2"

    announced = rotated("JWT_SECRET", current=1, accepted=2)
    signing = rotated("JWT_SECRET", current=2, accepted=1)

    assert keys(announced) == {"current": first, "previous": second}
    assert keys(signing) == {"current": second, "previous": first}
    names = {one.name for one in signing.registered if one.typ == BYTES and JWT in one.name}
    assert names == {JWT, f"{JWT}-2"}


def test_each_step_owes_the_services_that_use_the_key_a_restart_and_no_other() -> None:
    steps = [
        unrotated(),
        rotated("JWT_SECRET", current=1, accepted=2),
        rotated("JWT_SECRET", current=2, accepted=1),
    ]

    assert len({stdin(step, "api-a1") for step in steps}) == 3
    assert len({stdin(step, "web-a1") for step in steps}) == 1
    assert len({stdin(step, "groundwork-databases") for step in steps}) == 1


def test_on_ecs_each_step_is_another_task() -> None:
    ecs = changes("ecs", "load balancer")
    steps = [
        built("dev", json.dumps({**ecs, "rotations": {"threed-generator": {"JWT_SECRET": stands}}}))
        for stands in ({"current": 1}, {"current": 1, "accepted": 2}, {"current": 2, "accepted": 1})
    ]

    containers = [
        step.named(TASK, "threed-generator-api").inputs["containerDefinitions"] for step in steps
    ]
    assert len(set(containers)) == 3
    assert "JWT_SECRET_PREVIOUS" in containers[0]


@pytest.mark.parametrize(
    ("role", "generation", "user"),
    [
        ("prod_user", 1, "prod_user"),
        ("prod_user", 2, "prod_user_b"),
        ("prod_user", 3, "prod_user"),
        ("r" * 32, 2, "r" * 30 + "_b"),
    ],
)
def test_two_users_of_a_database_take_turns(role: str, generation: int, user: str) -> None:
    assert username(role, generation) == user


def test_the_database_learns_the_other_user_before_anybody_uses_it() -> None:
    before = unrotated()
    announced = rotated("stores.main.prod_user", current=1, accepted=2)
    takes_over = rotated("stores.main.prod_user", current=2, accepted=1)

    secret = connects_as(announced)
    coming = secret.pop("next")
    assert secret == connects_as(before)
    after = connects_as(takes_over)
    assert coming == {key: after[key] for key in ("username", "password")}
    databases = stdin(announced, "groundwork-databases")
    assert '"name": "prod_user_b"' in databases
    assert '"is_next": true' in databases
    assert '"closed": []' in databases
    for host in ("api-a1", "api-b1", "web-a1"):
        assert stdin(before, host) == stdin(announced, host)


def test_whoever_was_shut_out_comes_back_as_the_next() -> None:
    databases = stdin(
        rotated("stores.main.prod_user", current=2, accepted=3), "groundwork-databases"
    )

    assert '"name": "prod_user"' in databases
    assert '"closed": []' in databases


def test_the_other_user_takes_over_with_a_password_of_its_own() -> None:
    before = connects_as(unrotated())
    engine = rotated("stores.main.prod_user", current=2, accepted=1)
    after = connects_as(engine)

    assert (before["username"], after["username"]) == ("prod_user", "prod_user_b")
    assert after["password"] == f"generated-{USER}-2" != before["password"]
    assert "prod_user_b:" in after["url"]
    names = {one.name for one in engine.registered if one.typ == PASSWORD and USER in one.name}
    assert names == {USER, f"{USER}-2"}


def test_the_database_learns_the_other_user_and_who_uses_it_is_owed_a_restart() -> None:
    before, after = unrotated(), rotated("stores.main.prod_user", current=2, accepted=1)

    databases = stdin(after, "groundwork-databases")
    assert '"name": "prod_user_b"' in databases
    assert '"closed": []' in databases
    assert stdin(before, "api-a1") != stdin(after, "api-a1")
    assert stdin(before, "web-a1") == stdin(after, "web-a1")


def test_in_the_end_the_first_user_is_shut_out_and_no_host_is_touched() -> None:
    before = rotated("stores.main.prod_user", current=2, accepted=1)
    after = rotated("stores.main.prod_user", current=2)

    assert '"closed": [\n' in stdin(after, "groundwork-databases")
    assert '    "prod_user"\n' in stdin(after, "groundwork-databases")
    for host in ("api-a1", "api-b1", "web-a1"):
        assert stdin(before, host) == stdin(after, host)
