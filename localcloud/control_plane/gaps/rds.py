"""RDS: instances of their own identity, real replicas, promotion, and what an instance reports.

Moto gives every instance one constant resource id, by which the provider looks instances up;
makes a replica a shallow copy of its primary, lists and tags shared; forgets that a promoted
replica has no source; drops Performance Insights; and does not say which parameters are the user's.
"""

import secrets
import string
from typing import Any

from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBInstance, DBParameterGroup, RDSBackend

from localcloud.control_plane.gaps.mending import Method, adds, mends

ALPHABET = string.ascii_uppercase + string.digits
# What AWS takes when only the major version is asked for (aws rds describe-db-engine-versions).
LATEST_MINOR = {
    ("postgres", "14"): "14.18",
    ("postgres", "15"): "15.13",
    ("postgres", "16"): "16.9",
    ("postgres", "17"): "17.5",
    ("mysql", "8.0"): "8.0.42",
    ("mysql", "8.4"): "8.4.5",
    ("mariadb", "10.11"): "10.11.13",
    ("mariadb", "11.4"): "11.4.7",
}
CERTIFICATE_AUTHORITY = "rds-ca-rsa2048-g1"
# A replica takes these over from its source; the rest is as for any new instance.
INHERITED = (
    "engine",
    "engine_version",
    "port",
    "allocated_storage",
    "storage_type",
    "storage_encrypted",
    "iops",
    "db_name",
    "master_username",
    "license_model",
    "auto_minor_version_upgrade",
    "preferred_backup_window",
    "preferred_maintenance_window",
)
IN_THE_SAME_REGION = ("db_parameter_group_name", "kms_key_id")


@mends(DBInstance, "__init__")
def new_instance(original: Method, self: Any, backend: Any, **asked: Any) -> None:
    asked.setdefault("ca_certificate_identifier", CERTIFICATE_AUTHORITY)
    version = asked.get("engine_version")
    if version:
        asked["engine_version"] = LATEST_MINOR.get((str(asked.get("engine")), version), version)
    original(self, backend, **asked)
    self.dbi_resource_id = "db-" + "".join(secrets.choice(ALPHABET) for _ in range(26))
    self.parameter_apply_status = "in-sync"
    self.reboots = 0
    _take_performance_insights(self, asked)


@adds(DBInstance)
def secret_master_password(self: Any) -> str:
    """For whoever runs the real database; the API never returns it."""
    return self._master_user_password


DBInstance.secret_master_password = property(secret_master_password)  # type: ignore


@mends(DBInstance, "update")
def update_instance(original: Method, self: Any, **asked: Any) -> None:
    group = asked.get("db_parameter_group_name")
    if group and group != self.db_parameter_group_name:
        self.parameter_apply_status = "pending-reboot"
    original(self, **asked)
    _take_performance_insights(self, asked)


def _take_performance_insights(instance: Any, asked: dict[str, Any]) -> None:
    enabled = asked.get("enable_performance_insights")
    if enabled is not None:
        instance.performance_insights_enabled = enabled
        instance.performance_insights_retention_period = 7 if enabled else None
    for name in ("performance_insights_kms_key_id", "performance_insights_retention_period"):
        if asked.get(name) is not None:
            setattr(instance, name, asked[name])


def parameter_groups(self: Any) -> list[dict[str, Any]]:
    """Each group with the state of this instance, which moto kept on the group itself."""
    return [
        {
            "DBParameterGroupName": group.name,
            "ParameterApplyStatus": self.parameter_apply_status,
        }
        for group in self.db_parameter_groups()
    ]


DBInstance.db_parameter_group_status_list = property(parameter_groups)  # type: ignore


@mends(RDSBackend, "create_db_instance_read_replica")
def create_replica(original: Method, self: Any, asked: dict[str, Any]) -> Any:
    source = self.find_db_from_id(asked["source_db_instance_identifier"])
    if not source.backup_retention_period:
        raise RDSClientError(
            "InvalidDBInstanceState",
            "Automated backups are not enabled for this database instance. To enable automated "
            "backups, use ModifyDBInstance to set the backup retention period to a non-zero value.",
        )
    same_region = source.region == self.region_name
    names = INHERITED + (IN_THE_SAME_REGION if same_region else ())
    settings = {name: getattr(source, name) for name in names}
    settings |= {name: value for name, value in asked.items() if value is not None}
    settings.setdefault("backup_retention_period", 0)
    settings.setdefault("db_instance_class", source.db_instance_class)
    if same_region and "db_subnet_group_name" not in settings:
        settings["db_subnet_group_name"] = source._db_subnet_group_name
    replica: Any = DBInstance(
        self, **{**settings, "master_user_password": source._master_user_password}
    )
    replica.set_as_replica()
    self.databases[replica.db_instance_identifier] = replica
    source.add_replica(replica)
    return replica


@mends(RDSBackend, "promote_read_replica")
def promote(original: Method, self: Any, asked: dict[str, Any]) -> Any:
    instance = self.databases[asked["db_instance_identifier"]]
    _part_from_source(self, instance)
    return original(self, asked)


def _part_from_source(backend: Any, instance: Any) -> None:
    if not instance.source_db_instance_identifier:
        return
    source = backend.find_db_from_id(instance.source_db_instance_identifier)
    known_as = {instance.db_instance_identifier, instance.db_instance_arn}
    source.replicas = [name for name in source.replicas if name not in known_as]
    instance.is_replica = False
    instance.source_db_instance_identifier = None


@mends(RDSBackend, "delete_db_instance")
def delete(original: Method, self: Any, db_instance_identifier: str, **asked: Any) -> Any:
    instance = self.databases.get(db_instance_identifier)
    replicas = list(instance.replicas) if instance else []
    if instance and instance.is_replica and not instance.deletion_protection:
        _part_from_source(self, instance)
    deleted = original(self, db_instance_identifier, **asked)
    # Replicas outlive their source as instances of their own (RDS user guide, read replicas).
    for name in replicas:
        replica = self.find_db_from_id(name)
        replica.is_replica, replica.source_db_instance_identifier = False, None
    return deleted


@mends(RDSBackend, "reboot_db_instance")
def reboot(original: Method, self: Any, db_instance_identifier: str) -> Any:
    instance = original(self, db_instance_identifier)
    instance.reboots += 1
    instance.parameter_apply_status = "in-sync"
    return instance


@mends(DBParameterGroup, "update_parameters")
def update_parameters(original: Method, self: Any, parameters: Any) -> None:
    original(self, parameters)
    for parameter in self.parameters.values():
        parameter.setdefault("Source", "user")
