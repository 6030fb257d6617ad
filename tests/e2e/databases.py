"""A database and its reader on an emulated cloud, whichever engine they are of."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.emulated import Emulated, eventually


@dataclass(frozen=True, kw_only=True)
class Engine:
    name: str
    version: str
    family: str
    password: str
    packages: str
    """What its client is on Debian."""


def create(cloud: Emulated, group: str, engine: Engine, **parameters: str) -> None:
    """The instances main and reader, with a database app; they are not available yet."""
    rds = cloud.client("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName="stores", DBSubnetGroupDescription="stores", SubnetIds=cloud.subnets
    )
    rds.create_db_parameter_group(
        DBParameterGroupName="main", DBParameterGroupFamily=engine.family, Description="main"
    )
    set_parameters(cloud, **parameters)
    rds.create_db_instance(
        DBInstanceIdentifier="main",
        Engine=engine.name,
        EngineVersion=engine.version,
        DBInstanceClass="db.t4g.medium",
        MasterUsername="administrator",
        MasterUserPassword=engine.password,
        AllocatedStorage=20,
        DBSubnetGroupName="stores",
        DBParameterGroupName="main",
        VpcSecurityGroupIds=[group],
        BackupRetentionPeriod=1,
        DBName="app",
    )
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="reader",
        SourceDBInstanceIdentifier="main",
        DBInstanceClass="db.t4g.medium",
        VpcSecurityGroupIds=[group],
        DBParameterGroupName="main",
    )


def ready(cloud: Emulated, engine: Engine) -> None:
    """Both are available, and the operations machine has what asks them."""
    cloud.reachable()
    cloud.install(engine.packages)
    for identifier in ("main", "reader"):
        available(cloud, identifier)


def set_parameters(cloud: Emulated, **values: str) -> None:
    cloud.client("rds").modify_db_parameter_group(
        DBParameterGroupName="main",
        Parameters=[
            {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot"}
            for name, value in values.items()
        ],
    )


def instance(cloud: Emulated, identifier: str) -> dict[str, Any]:
    found = cloud.client("rds").describe_db_instances(DBInstanceIdentifier=identifier)
    return found["DBInstances"][0]


def available(cloud: Emulated, identifier: str) -> None:
    eventually(lambda: instance(cloud, identifier)["DBInstanceStatus"] == "available")


def lags(cloud: Emulated, identifier: str) -> list[float]:
    """The figures that CloudWatch has of how far a replica is behind, in seconds."""
    now = datetime.now(UTC)
    answer = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/RDS",
        MetricName="ReplicaLag",
        Dimensions=[{"Name": "DBInstanceIdentifier", "Value": identifier}],
        StartTime=now - timedelta(minutes=15),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Maximum"],
    )
    return [point["Maximum"] for point in answer["Datapoints"]]
