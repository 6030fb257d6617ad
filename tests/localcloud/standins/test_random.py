"""Random values: of the asked shape, made once, and secret where they are secrets."""

import base64
import string
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.standins.provider import Provider
from localcloud.standins.random import KINDS, SPECIAL, RandomPassword, RandomString, token
from localcloud.standins.values import UNKNOWN, Secret
from tests.localcloud.standins.plugin import Plugin, served


@pytest.fixture
def stub() -> Iterator[Any]:
    with served(Provider("random", "0", {token(kind): kind for kind in KINDS})) as stub:
        yield stub


def plugin(stub: Any, name: str) -> Plugin:
    return Plugin(stub, f"random:index/{name[0].lower()}{name[1:]}:{name}")


def test_a_password_is_secret_and_its_id_says_nothing(stub: Any) -> None:
    identity, state = plugin(stub, "RandomPassword").create({"length": 24})

    assert isinstance(state["result"], Secret)
    assert isinstance(state["bcryptHash"], Secret)
    assert len(state["result"].value) == 24
    assert state["result"].value not in identity


def test_two_passwords_differ(stub: Any) -> None:
    made = [plugin(stub, "RandomPassword").create({"length": 24})[1]["result"] for _ in range(2)]

    assert made[0] != made[1]


def test_before_the_update_the_value_is_unknown(stub: Any) -> None:
    assert plugin(stub, "RandomPassword").preview({"length": 24})["result"] is UNKNOWN


@given(
    length=st.integers(8, 64),
    lower=st.integers(0, 2),
    upper=st.integers(0, 2),
    numeric=st.integers(0, 2),
    special=st.integers(0, 2),
)
def test_minimums_are_kept(length: int, lower: int, upper: int, numeric: int, special: int) -> None:
    inputs = {"length": length, "minLower": lower, "minUpper": upper}
    inputs |= {"minNumeric": numeric, "minSpecial": special}

    text = RandomString(Provider("random", "0", {})).text(inputs)

    assert len(text) == length
    assert sum(c in string.ascii_lowercase for c in text) >= lower
    assert sum(c in string.ascii_uppercase for c in text) >= upper
    assert sum(c in string.digits for c in text) >= numeric
    assert sum(c in SPECIAL for c in text) >= special


def test_only_the_allowed_characters_are_used() -> None:
    kind = RandomPassword(Provider("random", "0", {}))

    digits = kind.text({"length": 50, "lower": False, "upper": False, "special": False})
    chosen = kind.text({"length": 200, "overrideSpecial": "_"})

    assert set(digits) <= set(string.digits)
    assert set(chosen) <= set(string.ascii_letters + string.digits + "_")


@pytest.mark.parametrize(
    ("name", "inputs", "faulty"),
    [
        ("RandomPassword", {"length": 0}, "length"),
        ("RandomPassword", {"length": 3, "minLower": 4}, "length"),
        ("RandomPassword", {}, "length"),
        ("RandomPassword", {"length": 9, "size": 9}, "size"),
        ("RandomInteger", {"min": 5, "max": 4}, "max"),
        ("RandomShuffle", {}, "inputs"),
    ],
)
def test_inputs_that_cannot_be_met_are_refused(
    name: str, inputs: dict[str, Any], faulty: str, stub: Any
) -> None:
    _, failures = plugin(stub, name).check(inputs)

    assert list(failures) == [faulty]


def test_the_forms_of_an_id_are_the_same_bytes(stub: Any) -> None:
    identity, state = plugin(stub, "RandomId").create({"byteLength": 8, "prefix": "app-"})

    raw = bytes.fromhex(state["hex"].removeprefix("app-"))
    assert len(raw) == 8
    assert base64.b64decode(state["b64Std"].removeprefix("app-")) == raw
    assert int(state["dec"].removeprefix("app-")) == int.from_bytes(raw, "big")
    assert state["b64Url"] == f"app-{identity}"


def test_bytes_are_secret(stub: Any) -> None:
    _, state = plugin(stub, "RandomBytes").create({"length": 32})

    assert base64.b64decode(state["base64"].value).hex() == state["hex"].value
    assert len(state["hex"].value) == 64


def test_an_integer_lies_in_its_range(stub: Any) -> None:
    made = {
        plugin(stub, "RandomInteger").create({"min": 3, "max": 5})[1]["result"] for _ in "x" * 40
    }

    assert made <= {3, 4, 5}
    assert len(made) > 1


def test_a_shuffle_loses_nothing_and_goes_round_when_more_is_asked(stub: Any) -> None:
    _, state = plugin(stub, "RandomShuffle").create({"inputs": ["a", "b", "c"]})
    _, longer = plugin(stub, "RandomShuffle").create({"inputs": ["a", "b"], "resultCount": 5})

    assert sorted(state["results"]) == ["a", "b", "c"]
    assert len(longer["results"]) == 5
    assert set(longer["results"][:2]) == {"a", "b"}


def test_a_pet_has_the_asked_words(stub: Any) -> None:
    identity, _ = plugin(stub, "RandomPet").create({"length": 3, "prefix": "dev"})

    assert identity.startswith("dev-")
    assert len(identity.split("-")) == 4


def test_any_change_makes_a_new_value(stub: Any) -> None:
    changed, replaced = plugin(stub, "RandomPassword").diff({"length": 8}, {"length": 9})

    assert changed == replaced == {"length"}
