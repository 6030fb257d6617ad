"""How the AWS CLI is asked on a machine: with its role, however busy it is just then."""

import pytest

from hosts.programs import aws_cli


def test_the_metadata_service_has_longer_than_the_cli_s_own_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in aws_cli.PATIENT:
        monkeypatch.delenv(name, raising=False)

    found = aws_cli.environment()

    assert float(found["AWS_METADATA_SERVICE_TIMEOUT"]) >= 30
    assert int(found["AWS_METADATA_SERVICE_NUM_ATTEMPTS"]) > 1


def test_what_somebody_has_said_of_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_METADATA_SERVICE_TIMEOUT", "2")

    assert aws_cli.environment()["AWS_METADATA_SERVICE_TIMEOUT"] == "2"
