"""Support ends on the published day, not before and not for another version."""

from datetime import date, timedelta

import pytest

from policies.end_of_support import END_OF_STANDARD_SUPPORT, ended


@pytest.mark.parametrize(
    ("engine", "version", "last_day"),
    [
        ("postgres", "11.22", date(2024, 2, 29)),
        ("postgres", "12", date(2025, 2, 28)),
        ("postgres", "13.16", date(2026, 2, 28)),
        ("postgres", "14.9", date(2027, 2, 28)),
        ("mysql", "5.7.44", date(2024, 2, 29)),
        ("mysql", "8.0.39", date(2026, 7, 31)),
        ("redis", "6.2", date(2027, 1, 31)),
    ],
)
def test_a_version_is_supported_to_its_last_day(engine: str, version: str, last_day: date) -> None:
    assert ended(engine, version, last_day) is None
    assert ended(engine, version, last_day + timedelta(days=1)) == last_day


@pytest.mark.parametrize(
    ("engine", "version"),
    [("postgres", "16.4"), ("mysql", "8.4.3"), ("redis", "7.1"), ("valkey", "8.0"), ("mysql", "")],
)
def test_another_version_is_not_mistaken_for_one_that_ended(engine: str, version: str) -> None:
    assert ended(engine, version, date(2026, 11, 22)) is None


def test_older_versions_of_an_engine_ended_earlier() -> None:
    for engine in {engine for engine, _ in END_OF_STANDARD_SUPPORT}:
        days = [
            day
            for (name, version), day in sorted(
                END_OF_STANDARD_SUPPORT.items(), key=lambda item: float(item[0][1])
            )
            if name == engine
        ]
        assert days == sorted(days)
