import json
from typing import Any

from components.key import Key, KeyArgs
from tests.recording import ACCOUNT, Engine

KEY = "aws:kms/key:Key"
ARGS = KeyArgs(account=ACCOUNT, region="eu-west-1", durable=True)


def statements(engine: Engine) -> list[dict[str, Any]]:
    return json.loads(engine.one(KEY)["policy"])["Statement"]


def test_it_rotates_by_itself(engine: Engine) -> None:
    engine.build(lambda: Key("stack", ARGS))

    assert engine.one(KEY)["enableKeyRotation"] is True


def test_the_services_that_write_for_the_stack_may_use_it(engine: Engine) -> None:
    engine.build(lambda: Key("stack", ARGS))

    services = {
        service
        for statement in statements(engine)
        for service in statement["Principal"].get("Service", [])
    }
    assert services == {
        "backup.amazonaws.com",
        "cloudfront.amazonaws.com",
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
        "logs.eu-west-1.amazonaws.com",
        "sns.amazonaws.com",
    }


def test_a_service_may_use_it_only_for_the_account(engine: Engine) -> None:
    engine.build(lambda: Key("stack", ARGS))

    for statement in statements(engine):
        if "Service" in statement["Principal"]:
            assert ACCOUNT in json.dumps(statement["Condition"])


def test_only_the_account_may_administer_it(engine: Engine) -> None:
    engine.build(lambda: Key("stack", ARGS))

    (administrator,) = [s for s in statements(engine) if s["Action"] == "kms:*"]
    assert administrator["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def test_a_durable_key_is_protected_and_can_be_had_back_for_a_month(engine: Engine) -> None:
    engine.build(lambda: Key("stack", ARGS))

    key = engine.named(KEY, "stack")
    assert key.protect is True
    assert key.inputs["deletionWindowInDays"] == 30


def test_a_passing_key_goes_with_its_stack(engine: Engine) -> None:
    engine.build(lambda: Key("stack", KeyArgs(account=ACCOUNT, region="eu-west-1", durable=False)))

    key = engine.named(KEY, "stack")
    assert key.protect is False
    assert key.inputs["deletionWindowInDays"] == 7
