"""A person writes 256MB; RDS is told 32768."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.engine_units import UNITLESS, UNITS, in_engine_units, meant


@pytest.mark.parametrize(
    ("name", "written", "to_rds"),
    [
        ("shared_buffers", "256MB", "32768"),
        ("effective_cache_size", "1GB", "131072"),
        ("maintenance_work_mem", "64MB", "65536"),
        ("wal_buffers", "16MB", "2048"),
        ("statement_timeout", "10s", "10000"),
        ("checkpoint_timeout", "5min", "300"),
        ("max_connections", "200", "200"),
        ("random_page_cost", "1.1", "1.1"),
        ("shared_buffers", "32768", "32768"),
        ("log_min_duration_statement", "-1", "-1"),
        ("log_statement", "mod", "mod"),
        ("shared_buffers", "auto", "auto"),
        ("shared_buffers", "{DBInstanceClassMemory/32768}", "{DBInstanceClassMemory/32768}"),
    ],
)
def test_a_value_is_written_in_the_engines_units(name: str, written: str, to_rds: str) -> None:
    assert in_engine_units("postgres", name, written) == to_rds


@given(st.sampled_from(["shared_buffers", "wal_buffers", "work_mem"]), st.integers(1, 10**6))
def test_no_memory_is_lost_in_translation(name: str, megabytes: int) -> None:
    told = int(in_engine_units("postgres", name, f"{megabytes}MB"))

    assert told * UNITS[name] == megabytes * 1024**2


@pytest.mark.parametrize(
    ("name", "written", "allowed"),
    [
        ("shared_buffers", "10s", "B, kB, MB, GB, TB"),
        ("statement_timeout", "1GB", "ms, s, min, h, d"),
        ("work_mem", "64 MB", "right behind it B, kB"),
        ("work_mem", "lots", "must be a whole number"),
        ("shared_buffers", "1kB", "must be a multiple of 8192 bytes"),
    ],
)
def test_what_the_engine_would_not_take_is_refused(name: str, written: str, allowed: str) -> None:
    with pytest.raises(ValueError, match=allowed):
        in_engine_units("postgres", name, written)


@pytest.mark.parametrize("name", sorted({*UNITS, *UNITLESS}))
def test_no_known_name_is_taken_for_another(name: str) -> None:
    assert meant(name) is None


@pytest.mark.parametrize(
    "name",
    [
        *("max_user_connections", "log_statement_stats", "slow_query_log_file", "work_mem", "jit"),
        *("innodb_buffer_pool_instances", "autovacuum_max_workers", "log_duration"),
    ],
)
def test_a_name_of_its_own_is_left_alone(name: str) -> None:
    assert meant(name) is None
