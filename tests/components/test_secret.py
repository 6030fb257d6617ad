from dataclasses import replace
from typing import Literal

import pytest

from components.secret import Generated, Secret, SecretArgs, Supplied
from tests.components.secrecy import is_secret, opened
from tests.recording import Engine

SECRET = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
PASSWORD = "random:index/randomPassword:RandomPassword"
BYTES = "random:index/randomBytes:RandomBytes"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"
ARGS = SecretArgs(
    description="signs sessions", content=Generated(length=64), key_arn=KEY, durable=True
)


def test_it_is_generated_once_and_kept_under_the_stacks_key(engine: Engine) -> None:
    engine.build(lambda: Secret("session", ARGS))

    assert engine.one(PASSWORD)["length"] == 64
    assert engine.one(SECRET)["kmsKeyId"] == KEY
    assert opened(engine.one(VERSION)["secretString"]) == "generated-session"


def test_what_is_supplied_stays_secret_on_its_way(engine: Engine) -> None:
    engine.build(lambda: Secret("openai", replace(ARGS, content=Supplied(value="sk-1"))))

    assert opened(engine.one(VERSION)["secretString"]) == "sk-1"
    assert engine.of(PASSWORD) == []


@pytest.mark.parametrize("alphabet", ["alphanumeric", "symbols"])
def test_no_character_is_taken_for_something_else(
    engine: Engine, alphabet: Literal["alphanumeric", "symbols"]
) -> None:
    engine.build(lambda: Secret("s", replace(ARGS, content=Generated(alphabet=alphabet))))

    password = engine.one(PASSWORD)
    assert password["special"] is (alphabet == "symbols")
    assert not set(password.get("overrideSpecial", "")) & set("/@\"' \\$`:?#&%+=")


@pytest.mark.parametrize(("length", "taken"), [(64, 32), (31, 16)])
def test_hexadecimal_digits_come_two_a_byte(engine: Engine, length: int, taken: int) -> None:
    engine.build(
        lambda: Secret("s", replace(ARGS, content=Generated(length=length, alphabet="hex")))
    )

    assert engine.one(BYTES)["length"] == taken
    assert is_secret(engine.one(VERSION)["secretString"])


def test_a_durable_one_can_be_had_back_for_a_month(engine: Engine) -> None:
    engine.build(lambda: Secret("session", ARGS))

    assert engine.one(SECRET)["recoveryWindowInDays"] == 30


def test_a_passing_one_is_gone_at_once(engine: Engine) -> None:
    engine.build(lambda: Secret("session", replace(ARGS, durable=False)))

    assert engine.one(SECRET)["recoveryWindowInDays"] == 0
