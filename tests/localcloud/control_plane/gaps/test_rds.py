from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

INSTANCE: dict[str, Any] = {
    "Engine": "postgres",
    "EngineVersion": "17",
    "DBInstanceClass": "db.t4g.medium",
    "AllocatedStorage": 20,
    "MasterUsername": "owner",
    "MasterUserPassword": "correct-horse",
    "BackupRetentionPeriod": 7,
    "Tags": [{"Key": "role", "Value": "primary"}],
}
Client = Callable[[str], Any]


def make(rds: Any, name: str, **given: Any) -> Any:
    return rds.create_db_instance(DBInstanceIdentifier=name, **{**INSTANCE, **given})["DBInstance"]


def replica(rds: Any, name: str = "replica", of: str = "primary", **given: Any) -> Any:
    return rds.create_db_instance_read_replica(
        DBInstanceIdentifier=name, SourceDBInstanceIdentifier=of, **given
    )["DBInstance"]


def shown(rds: Any, name: str) -> Any:
    return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def test_instances_are_told_apart_by_their_resource_id(client: Client) -> None:
    rds = client("rds")

    ids = {make(rds, name)["DbiResourceId"] for name in ("one", "two")}

    assert len(ids) == 2


def test_a_replica_has_its_own_tags_and_knows_its_source(client: Client) -> None:
    rds = client("rds")
    make(rds, "primary")

    replica(rds, Tags=[{"Key": "role", "Value": "replica"}])

    found = shown(rds, "replica")
    assert found["ReadReplicaSourceDBInstanceIdentifier"] == "primary"
    assert found["TagList"] == [{"Key": "role", "Value": "replica"}]
    assert found["DbiResourceId"] != shown(rds, "primary")["DbiResourceId"]
    assert shown(rds, "primary")["ReadReplicaDBInstanceIdentifiers"] == ["replica"]
    assert shown(rds, "primary")["TagList"] == INSTANCE["Tags"]


def test_a_replica_of_an_instance_without_backups_is_refused(client: Client) -> None:
    rds = client("rds")
    make(rds, "primary", BackupRetentionPeriod=0)

    with pytest.raises(ClientError, match="Automated backups are not enabled"):
        replica(rds)


def test_a_promoted_replica_has_no_source(client: Client) -> None:
    rds = client("rds")
    make(rds, "primary")
    replica(rds)

    rds.promote_read_replica(DBInstanceIdentifier="replica", BackupRetentionPeriod=7)

    assert "ReadReplicaSourceDBInstanceIdentifier" not in shown(rds, "replica")
    assert shown(rds, "primary")["ReadReplicaDBInstanceIdentifiers"] == []


def test_replicas_outlive_their_source(client: Client) -> None:
    rds = client("rds")
    make(rds, "primary")
    replica(rds)

    rds.delete_db_instance(DBInstanceIdentifier="primary", SkipFinalSnapshot=True)

    assert "ReadReplicaSourceDBInstanceIdentifier" not in shown(rds, "replica")
    rds.delete_db_instance(DBInstanceIdentifier="replica", SkipFinalSnapshot=True)


def test_a_final_snapshot_of_a_taken_name_stops_the_deletion(client: Client) -> None:
    rds = client("rds")
    for name in ("first", "second"):
        make(rds, name)
    rds.delete_db_instance(DBInstanceIdentifier="first", FinalDBSnapshotIdentifier="final")

    with pytest.raises(ClientError, match="already exists"):
        rds.delete_db_instance(DBInstanceIdentifier="second", FinalDBSnapshotIdentifier="final")

    # Moto does this much by itself; what it lacks is an identity to find the instance by.
    assert shown(rds, "second")["DbiResourceId"] != "db-M5ENSHXFPU6XHZ4G4ZEI5QIO2U"


def test_a_major_version_alone_becomes_a_full_one(client: Client) -> None:
    rds = client("rds")

    assert make(rds, "one")["EngineVersion"].startswith("17.")


def test_performance_insights_are_reported(client: Client) -> None:
    rds = client("rds")
    make(rds, "one", EnablePerformanceInsights=True, PerformanceInsightsKMSKeyId="arn:of:key")

    found = shown(rds, "one")

    assert found["PerformanceInsightsEnabled"] is True
    assert found["PerformanceInsightsKMSKeyId"] == "arn:of:key"
    assert found["PerformanceInsightsRetentionPeriod"] == 7


def test_a_changed_parameter_group_waits_for_a_reboot(client: Client) -> None:
    rds = client("rds")
    make(rds, "one")
    rds.create_db_parameter_group(
        DBParameterGroupName="tuned", DBParameterGroupFamily="postgres17", Description="-"
    )

    def status() -> str:
        return shown(rds, "one")["DBParameterGroups"][0]["ParameterApplyStatus"]

    rds.modify_db_instance(DBInstanceIdentifier="one", DBParameterGroupName="tuned")
    assert status() == "pending-reboot"
    rds.reboot_db_instance(DBInstanceIdentifier="one")
    assert status() == "in-sync"


def test_parameters_that_were_set_are_the_users(client: Client) -> None:
    rds = client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName="tuned", DBParameterGroupFamily="postgres17", Description="-"
    )
    rds.modify_db_parameter_group(
        DBParameterGroupName="tuned",
        Parameters=[
            {"ParameterName": "work_mem", "ParameterValue": "8192", "ApplyMethod": "immediate"}
        ],
    )

    parameters = rds.describe_db_parameters(DBParameterGroupName="tuned")["Parameters"]

    assert [(p["ParameterName"], p["Source"]) for p in parameters] == [("work_mem", "user")]


def test_the_master_password_is_known_to_whoever_runs_the_database(client: Client) -> None:
    from localcloud.control_plane.cloud import MotoCloud

    rds = client("rds")
    make(rds, "primary")
    replica(rds)

    cloud = MotoCloud("", lambda generation: None)

    assert cloud.master_password("eu-west-1", "replica") == "correct-horse"
