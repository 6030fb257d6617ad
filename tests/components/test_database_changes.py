"""A database that is there is never asked for what RDS refuses, or does without a word."""

from typing import Any

import pytest

from components.database_changes import refused_of_a_database

AS_IT_IS: dict[str, Any] = {
    "engine": "postgres",
    "engineVersion": "16",
    # As the engine hands numbers over.
    "allocatedStorage": 100.0,
    "maxAllocatedStorage": 200.0,
}
MYSQL: dict[str, Any] = {**AS_IT_IS, "engine": "mysql", "engineVersion": "8.0"}


def said(before: dict[str, Any], **changed: Any) -> list[str]:
    return list(refused_of_a_database(before, {**before, **changed}, before))


@pytest.mark.parametrize(("before", "newer"), [(AS_IT_IS, "17"), (MYSQL, "8.4")])
def test_a_newer_major_version_wants_a_word_in_the_stacks_file(
    before: dict[str, Any], newer: str
) -> None:
    (refused,) = said(before, engineVersion=newer)

    assert f"from {before['engineVersion']} to {newer}" in refused
    assert "major_upgrade: true" in refused
    assert said(before, engineVersion=newer, allowMajorVersionUpgrade=True) == []


@pytest.mark.parametrize(("before", "older"), [(AS_IT_IS, "15"), (AS_IT_IS, "9"), (MYSQL, "5.7")])
def test_an_older_major_version_is_refused_whatever_is_allowed(
    before: dict[str, Any], older: str
) -> None:
    (refused,) = said(before, engineVersion=older, allowMajorVersionUpgrade=True)

    assert f"goes back from {before['engineVersion']} to {older}" in refused


def test_storage_grows_and_never_shrinks() -> None:
    assert said(AS_IT_IS, allocatedStorage=150.0) == []

    (refused,) = said(AS_IT_IS, allocatedStorage=50.0)

    assert "storage_gb goes from 100 to 50" in refused


def test_a_ceiling_below_what_the_storage_has_grown_to_is_refused() -> None:
    grown = {**AS_IT_IS, "allocatedStorage": 150.0}

    def of(ceiling: int) -> list[str]:
        return list(
            refused_of_a_database(
                AS_IT_IS, {**AS_IT_IS, "maxAllocatedStorage": float(ceiling)}, grown
            )
        )

    assert of(150) == ["max_storage_gb is 150, and the storage has grown to 150 GiB"]
    assert of(180) == of(200) == []


def test_any_other_change_passes() -> None:
    assert said(AS_IT_IS, instanceClass="db.m7g.large", multiAz=True) == []
