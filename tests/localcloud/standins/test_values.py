"""Values survive the way to the engine and back; secrets never show."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.standins.values import (
    ASSET,
    UNKNOWN,
    Secret,
    Tagged,
    decode,
    encode,
    has_secret,
    has_unknown,
    plain,
    secret_texts,
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        | st.builds(Secret, inner)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_survives_the_way_there_and_back(value: Any) -> None:
    assert decode(encode(value)) == value


def test_an_unknown_survives_the_way_there_and_back() -> None:
    assert decode(encode({"a": [UNKNOWN]})) == {"a": [UNKNOWN]}


@given(VALUES)
def test_plain_values_hold_no_wrapper(value: Any) -> None:
    assert not has_secret(plain(value))


def test_a_secret_never_shows() -> None:
    assert "horse" not in repr({"password": Secret("correct horse")})


def test_secrets_are_found_however_deep_and_the_longest_first() -> None:
    value = {"a": [Secret({"b": "inner", "c": 1234})], "d": Secret("the longest"), "e": "plain"}

    assert secret_texts(value) == ["the longest", "inner", "1234"]
    assert has_secret(value)
    assert not has_unknown(value)


def test_assets_are_compared_by_hash_where_the_contents_are_left_out() -> None:
    whole = Tagged(ASSET, {"text": "hello", "hash": "abc"})

    assert whole == Tagged(ASSET, {"hash": "abc"})
    assert whole != Tagged(ASSET, {"hash": "def"})


def test_what_the_engine_cannot_hold_is_named() -> None:
    with pytest.raises(TypeError, match="bytes"):
        encode(b"x")
