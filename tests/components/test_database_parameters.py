import pytest

from components.database_parameters import family, parameters
from settings.model import Engine


def values(engine: Engine, **wanted: str | int | float) -> dict[str, str]:
    return {parameter.name: parameter.value for parameter in parameters(engine, wanted)}


def test_auto_keeps_what_rds_has_for_the_size() -> None:
    assert "shared_buffers" not in values("postgres", shared_buffers="auto")


def test_tls_is_nobodys_to_turn_off() -> None:
    assert values("postgres", **{"rds.force_ssl": 0})["rds.force_ssl"] == "1"
    assert values("mysql", require_secure_transport="OFF")["require_secure_transport"] == "1"


def test_slow_statements_are_logged_unless_decided_otherwise() -> None:
    assert values("postgres")["log_min_duration_statement"] == "1000"
    assert values("postgres", log_min_duration_statement="5s")["log_min_duration_statement"] == (
        "5000"
    )
    assert values("mysql")["slow_query_log"] == "1"


def test_passwords_are_never_hashed_with_md5() -> None:
    assert values("postgres")["password_encryption"] == "scram-sha-256"


def test_a_static_parameter_waits_for_a_restart() -> None:
    at_once = {
        parameter.name: parameter.at_once
        for parameter in parameters("postgres", {"max_connections": 200, "work_mem": "4MB"})
    }

    assert at_once["max_connections"] is False
    assert at_once["shared_preload_libraries"] is False
    assert at_once["work_mem"] is True
    # The guide's list of dynamic ones lacks it, and nobody changes it.
    assert at_once["rds.force_ssl"] is False


@pytest.mark.parametrize(
    ("engine", "version", "expected"),
    [
        ("postgres", "15", "postgres15"),
        ("postgres", "16.4", "postgres16"),
        ("mysql", "8.0", "mysql8.0"),
        ("mysql", "8.4.3", "mysql8.4"),
    ],
)
def test_the_family_is_that_of_the_major_version(
    engine: Engine, version: str, expected: str
) -> None:
    assert family(engine, version) == expected
