"""When AWS ends standard support of the engine versions it still sells, as published in 2026-08.

Sources: the release calendars of RDS for PostgreSQL, MySQL and MariaDB, and of ElastiCache.
After that day a version runs on paid extended support, or is upgraded by AWS at a time it chooses.
"""

from datetime import date

END_OF_STANDARD_SUPPORT: dict[tuple[str, str], date] = {
    ("postgres", "9"): date(2022, 1, 18),
    ("postgres", "10"): date(2023, 4, 17),
    ("postgres", "11"): date(2024, 2, 29),
    ("postgres", "12"): date(2025, 2, 28),
    ("postgres", "13"): date(2026, 2, 28),
    ("postgres", "14"): date(2027, 2, 28),
    ("mysql", "5.7"): date(2024, 2, 29),
    ("mysql", "8.0"): date(2026, 7, 31),
    ("redis", "4"): date(2026, 1, 31),
    ("redis", "5"): date(2026, 1, 31),
    ("redis", "6"): date(2027, 1, 31),
}


def ended(engine: str, version: str, today: date) -> date | None:
    """The day on which standard support of that version ended, if it has."""
    parts = version.split(".")
    for known in (".".join(parts[:2]), parts[0]):
        end = END_OF_STANDARD_SUPPORT.get((engine, known))
        if end is not None:
            return end if end < today else None
    return None
