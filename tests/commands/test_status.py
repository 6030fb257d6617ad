"""The tables of a stack: what is not well stands out, and makes the command fail."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from commands import status
from commands.cloud import Cloud
from commands.error import CommandError
from commands.graph import Graph, parsed
from commands.stack import stack
from tests.commands.test_graph import entry

PROJECT = "urn:pulumi:local::groundwork"
WEB, OPERATIONS = "i-0web", "i-0ops"
OUTPUTS = {
    "hosts": {"web-a1": {"instance_id": WEB, "pool": "web", "zone": "a", "address": "10.0.0.4"}},
    "operations": {"instance_id": OPERATIONS, "address": None},
    "addresses": {"notebook": ["https://notebook.test"]},
}
APP = "threed-generator"


class Asked:
    """A cloud that answers each operation from a table."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return lambda **_: self._answers[operation]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    found: dict[str, Any] = {}
    monkeypatch.setattr(Cloud, "client", lambda *_: Asked(**found))
    return found


def machines(*configured: str) -> Graph:
    return parsed(
        {
            "deployment": {
                "resources": [
                    entry("aws:ec2/instance:Instance", "web-a1", id=WEB),
                    entry("aws:ec2/instance:Instance", "groundwork-operations", id=OPERATIONS),
                    entry("aws:lb/targetGroup:TargetGroup", f"{APP}-web", id="arn:web", port=80),
                    *(
                        entry(
                            "command:remote:Command",
                            name,
                            parent=f"{PROJECT}::groundwork:hosts:HostConfiguration::{name}",
                        )
                        for name in configured
                    ),
                ]
            }
        }
    )


def described(instance: str, state: str = "running") -> dict[str, Any]:
    return {
        "InstanceId": instance,
        "Placement": {"AvailabilityZone": "eu-west-1a"},
        "PrivateIpAddress": "10.0.0.4",
        "State": {"Name": state},
    }


def test_a_host_that_runs_and_was_configured_is_well(answers: dict[str, Any]) -> None:
    answers["describe_instances"] = {
        "Reservations": [{"Instances": [described(WEB), described(OPERATIONS, "stopped")]}]
    }
    found = machines("web-a1", "groundwork-operations")

    operations, web = status.hosts(Cloud("eu-west-1"), found, OUTPUTS).rows

    assert web.well
    assert web.cells[:3] == ("web-a1", "web", WEB)
    assert web.cells[-2:] == ("running", "yes")
    assert not operations.well
    assert "stopped" in operations.cells


def test_a_host_that_no_run_has_configured_is_not_well(answers: dict[str, Any]) -> None:
    answers["describe_instances"] = {"Reservations": [{"Instances": [described(WEB)]}]}

    (web,) = status.hosts(Cloud("eu-west-1"), machines(), OUTPUTS).rows

    assert not web.well
    assert web.cells[-1] == "not yet"


def replica(state: str = "available") -> dict[str, Any]:
    return {
        "DBInstances": [
            {
                "Engine": "postgres",
                "EngineVersion": "17.5",
                "AvailabilityZone": "eu-west-1b",
                "DBInstanceStatus": state,
                "ReadReplicaSourceDBInstanceIdentifier": "main",
            }
        ]
    }


DATABASE = parsed(
    {"deployment": {"resources": [entry("aws:rds/instance:Instance", "r", identifier="r-1")]}}
)


def test_a_replica_shows_the_newest_figure_of_its_lag(answers: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    answers["describe_db_instances"] = replica()
    answers["get_metric_statistics"] = {
        "Datapoints": [
            {"Timestamp": now, "Maximum": 0.4},
            {"Timestamp": now - timedelta(minutes=5), "Maximum": 9.0},
        ]
    }

    (row,) = status.stores(Cloud("eu-west-1"), DATABASE).rows

    assert row.well
    assert row.cells == ("r", "postgres 17.5", "replica", "eu-west-1b", "available", "0.4 s")


def test_a_replica_without_a_figure_says_so(answers: dict[str, Any]) -> None:
    answers["describe_db_instances"] = replica("failed")
    answers["get_metric_statistics"] = {"Datapoints": []}

    (row,) = status.stores(Cloud("eu-west-1"), DATABASE).rows

    assert not row.well
    assert row.cells[-1].startswith("?")


def test_a_target_that_is_not_healthy_says_why(answers: dict[str, Any]) -> None:
    answers["describe_target_health"] = {
        "TargetHealthDescriptions": [
            {
                "Target": {"Id": WEB},
                "TargetHealth": {"State": "unhealthy", "Reason": "Target.Timeout"},
            }
        ]
    }
    found = machines()

    (row,) = status.targets(found, status.target_health(Cloud("eu-west-1"), found)).rows

    assert row.cells == (f"{APP}-web", "web-a1", "80", "unhealthy (Target.Timeout)")
    assert not row.well


class _Way:
    """One host of the web pool that says what it is told to."""

    def __init__(self, says: dict[str, Any] | None) -> None:
        self._says = says
        self.hosts = {"web-a1": type("Machine", (), {"pool": "web", "instance_id": WEB})}

    def __enter__(self) -> "_Way":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def run(self, *words: str, host: str) -> Any:
        if self._says is None:
            raise CommandError(f"{host} is not reached")
        return type("Done", (), {"returncode": 0, "stdout": json.dumps(self._says)})


def served(
    monkeypatch: pytest.MonkeyPatch, says: dict[str, Any] | None, balanced: str
) -> status.Row:
    monkeypatch.setattr(status, "way_to", lambda _: _Way(says))
    rows = status.services(stack("local"), machines(), {"arn:web": {WEB: balanced}}).rows
    (row,) = [row for row in rows if row.cells[0] == APP]
    return row


def test_a_service_shows_what_serves_on_each_host(monkeypatch: pytest.MonkeyPatch) -> None:
    says = {"serving": "1.4.2", "pending": None, "services": {"web": "active"}}

    row = served(monkeypatch, says, "healthy")

    cells = (APP, "web", "web-a1", "1.4.2", "active", "healthy", "-")
    assert row == status.Row(cells, well=True)


def test_a_service_that_does_not_reach_its_stores_stands_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    says = {"serving": "1.4.2", "pending": None, "services": {"web": "active"}}
    well = served(monkeypatch, {**says, "stores": {"web": "well"}}, "healthy")
    cut_off = served(monkeypatch, {**says, "stores": {"web": "/health/db answers 503"}}, "healthy")

    assert (well.cells[-1], well.well) == ("well", True)
    assert (cut_off.cells[-1], cut_off.well) == ("/health/db answers 503", False)


@pytest.mark.parametrize(
    ("hours", "said", "well"),
    [(3.24, "3.2", True), (27.0, "27.0", False), (None, "? (not told yet)", True)],
)
def test_a_database_without_a_dump_for_too_long_stands_out(
    answers: dict[str, Any], hours: float | None, said: str, well: bool
) -> None:
    points = [{"Timestamp": datetime.now(UTC), "Maximum": hours}] if hours is not None else []
    answers["get_metric_statistics"] = {"Datapoints": points}

    rows = {row.cells[0]: row for row in status.dumps(stack("local")).rows}

    assert rows[f"{APP}-main"] == status.Row((f"{APP}-main", said), well=well)


def test_an_unconfirmed_version_a_dead_unit_and_a_lost_target_stand_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    says = {"serving": "1.4.3", "pending": "1.4.3", "services": {"web": "failed"}}

    row = served(monkeypatch, says, "unhealthy")

    assert row.cells[3:] == ("1.4.3 (unconfirmed)", "failed", "unhealthy", "-")
    assert not row.well


def test_a_service_that_is_paused_for_a_restore_stands_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    says = {"serving": "1.4.3", "pending": None, "paused": True, "services": {"web": "inactive"}}

    row = served(monkeypatch, says, "healthy")

    assert row.cells[4] == "paused"
    assert not row.well


def test_a_host_that_is_not_reached_is_a_row_and_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    row = served(monkeypatch, None, "healthy")

    assert not row.well
    assert "not reached" in row.cells[3]


def test_addresses_are_those_of_the_outputs() -> None:
    (row,) = status.addresses(OUTPUTS).rows

    assert row.cells == ("notebook", "https://notebook.test")
