"""ElastiCache: parameter groups, members of a replication group, and changes to all of these.

Moto has no parameter groups at all, ignores the asked number of members and makes no cluster for
them, changes a few fields only, forgets the auth token, and keeps what is deleted for ever.
"""

import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.models import (
    CacheCluster,
    CacheSubnetGroup,
    ElastiCacheBackend,
    ReplicationGroup,
)
from moto.elasticache.responses import ElastiCacheResponse

from localcloud.control_plane.gaps.mending import Method, adds, mends

TAGGABLE = "cluster|snapshot|subnetgroup|parametergroup|replicationgroup|user|usergroup"
SNAPSHOT_WINDOW = "05:00-06:00"
MAINTENANCE_WINDOW = "sun:07:00-sun:08:00"
# Requests name them so; the group and its members keep them under the second name.
CHANGED_AS_GIVEN = {
    "ReplicationGroupDescription": "description",
    "CacheNodeType": "cache_node_type",
    "Engine": "engine",
    "CacheParameterGroupName": "cache_parameter_group_name",
    "SecurityGroupIds": "security_group_ids",
    "SnapshotWindow": "snapshot_window",
    "PreferredMaintenanceWindow": "preferred_maintenance_window",
    "NotificationTopicArn": "notification_topic_arn",
    "TransitEncryptionMode": "transit_encryption_mode",
    "AutoMinorVersionUpgrade": "auto_minor_version_upgrade",
}


class NotFoundError(ElastiCacheException):
    def __init__(self, code: str, what: str) -> None:
        self.code = code
        super().__init__(f"{what} not found.")


# -- parameter groups ---------------------------------------------------------------------------


@mends(ElastiCacheBackend, "__init__")
def new_backend(original: Method, self: Any, *args: Any, **kwargs: Any) -> None:
    original(self, *args, **kwargs)
    self.parameter_groups = {}
    self.arn_regex = re.compile(rf"^arn:aws:elasticache:.*:[0-9]*:({TAGGABLE}):.*$")


def _parameter_group(response: Any) -> dict[str, Any]:
    name = response._get_param("CacheParameterGroupName")
    groups = response.elasticache_backend.parameter_groups
    if name not in groups:
        raise NotFoundError("CacheParameterGroupNotFound", f"CacheParameterGroup {name}")
    return groups[name]


def _changes(response: Any) -> list[dict[str, Any]]:
    return response._get_param("ParameterNameValues") or []


@adds(ElastiCacheResponse)
def create_cache_parameter_group(self: Any) -> ActionResult:
    name = self._get_param("CacheParameterGroupName")
    backend = self.elasticache_backend
    arn = f"arn:aws:elasticache:{self.region}:{self.current_account}:parametergroup:{name}"
    group = {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": self._get_param("CacheParameterGroupFamily"),
        "Description": self._get_param("Description"),
        "IsGlobal": False,
        "ARN": arn,
        "parameters": {},
    }
    backend.parameter_groups[name] = group
    backend.tagging_service.tag_resource(arn, self._get_param("Tags") or [])
    return ActionResult({"CacheParameterGroup": group})


@adds(ElastiCacheResponse)
def describe_cache_parameter_groups(self: Any) -> ActionResult:
    if self._get_param("CacheParameterGroupName"):
        groups = [_parameter_group(self)]
    else:
        groups = list(self.elasticache_backend.parameter_groups.values())
    return ActionResult({"CacheParameterGroups": groups})


@adds(ElastiCacheResponse)
def describe_cache_parameters(self: Any) -> ActionResult:
    parameters = [
        {
            "ParameterName": name,
            "ParameterValue": value,
            "Source": "user",
            "DataType": "string",
            "IsModifiable": True,
        }
        for name, value in _parameter_group(self)["parameters"].items()
    ]
    return ActionResult({"Parameters": parameters})


@adds(ElastiCacheResponse)
def modify_cache_parameter_group(self: Any) -> ActionResult:
    group = _parameter_group(self)
    for change in _changes(self):
        group["parameters"][change["ParameterName"]] = change.get("ParameterValue")
    return ActionResult({"CacheParameterGroupName": group["CacheParameterGroupName"]})


@adds(ElastiCacheResponse)
def reset_cache_parameter_group(self: Any) -> ActionResult:
    group = _parameter_group(self)
    if self._get_bool_param("ResetAllParameters"):
        group["parameters"].clear()
    for change in _changes(self):
        group["parameters"].pop(change["ParameterName"], None)
    return ActionResult({"CacheParameterGroupName": group["CacheParameterGroupName"]})


@adds(ElastiCacheResponse)
def delete_cache_parameter_group(self: Any) -> EmptyResult:
    group = _parameter_group(self)
    del self.elasticache_backend.parameter_groups[group["CacheParameterGroupName"]]
    return EmptyResult()


# -- subnet groups ------------------------------------------------------------------------------


def _subnet_group(response: Any) -> CacheSubnetGroup:
    name = response._get_param("CacheSubnetGroupName")
    groups = response.elasticache_backend.cache_subnet_groups
    if name not in groups:
        raise NotFoundError("CacheSubnetGroupNotFoundFault", f"CacheSubnetGroup {name}")
    return groups[name]


@adds(ElastiCacheResponse)
def modify_cache_subnet_group(self: Any) -> ActionResult:
    group, backend = _subnet_group(self), self.elasticache_backend
    changed = CacheSubnetGroup(
        account_id=backend.account_id,
        region_name=backend.region_name,
        cache_subnet_group_name=group.cache_subnet_group_name,
        cache_subnet_group_description=self._get_param("CacheSubnetGroupDescription")
        or group.cache_subnet_group_description,
        subnet_ids=self._get_param("SubnetIds") or group.subnet_ids,
        tags=group.tags,
    )
    backend.cache_subnet_groups[group.cache_subnet_group_name] = changed
    return ActionResult({"CacheSubnetGroup": changed})


@adds(ElastiCacheResponse)
def delete_cache_subnet_group(self: Any) -> EmptyResult:
    group = _subnet_group(self)
    del self.elasticache_backend.cache_subnet_groups[group.cache_subnet_group_name]
    return EmptyResult()


# -- replication groups -------------------------------------------------------------------------


@mends(ReplicationGroup, "__init__")
def new_group(original: Method, self: Any, **asked: Any) -> None:
    original(self, **{**asked, "snapshot_window": asked.get("snapshot_window") or SNAPSHOT_WINDOW})
    self.secret_auth_token = asked.get("auth_token")
    if asked.get("transit_encryption_enabled"):
        self.transit_encryption_mode = asked.get("transit_encryption_mode") or "required"


@mends(ElastiCacheBackend, "create_replication_group")
def create_group(original: Method, self: Any, **asked: Any) -> Any:
    members = int(asked.get("num_cache_clusters") or 0)
    shards = int(asked.get("num_node_groups") or 1)
    if members and shards == 1 and not asked.get("replicas_per_node_group"):
        # Moto counts replicas alone.
        asked["replicas_per_node_group"] = members - 1
    group = original(self, **asked)
    for name in group.member_clusters:
        self.cache_clusters[name] = _member(self, group, name)
    return group


def _member(backend: Any, group: Any, name: str) -> Any:
    cluster: Any = CacheCluster(
        account_id=backend.account_id,
        region_name=backend.region_name,
        cache_cluster_id=name,
        replication_group_id=group.replication_group_id,
        az_mode=None,
        preferred_availability_zone=None,
        num_cache_nodes=1,
        cache_node_type=group.cache_node_type,
        engine="redis",  # The class knows Valkey's fields only under this name.
        engine_version=None,
        cache_parameter_group_name=None,
        cache_subnet_group_name=group.cache_subnet_group_name,
        transit_encryption_enabled=group.transit_encryption_enabled,
        network_type=group.network_type,
        ip_discovery=group.ip_discovery,
        snapshot_name=None,
        preferred_maintenance_window=None,
        port=group.port,
        notification_topic_arn=None,
        auto_minor_version_upgrade=None,
        snapshot_retention_limit=group.snapshot_retention_limit,
        snapshot_window=None,
        auth_token=group.secret_auth_token,
        outpost_mode=None,
        preferred_outpost_arn=None,
        preferred_availability_zones=None,
        cache_security_group_names=None,
        security_group_ids=None,
        tags=[],
        snapshot_arns=None,
        preferred_outpost_arns=None,
        log_delivery_configurations=[],
        cache_node_ids_to_remove=None,
        cache_node_ids_to_reboot=None,
    )
    _follow(cluster, group)
    return cluster


def _follow(cluster: Any, group: Any) -> None:
    """A member reports what its group was asked to be."""
    cluster.engine = group.engine
    cluster.engine_version = _full_version(group.engine_version or "7.1")
    cluster.cache_node_type = group.cache_node_type
    cluster.at_rest_encryption_enabled = group.at_rest_encryption_enabled
    cluster.auto_minor_version_upgrade = group.auto_minor_version_upgrade is not False
    cluster.cache_parameter_group = {
        "CacheParameterGroupName": group.cache_parameter_group_name
        or f"default.{group.engine}{cluster.engine_version.split('.')[0]}",
        "ParameterApplyStatus": "in-sync",
    }
    cluster.security_groups = [
        {"SecurityGroupId": name, "Status": "active"} for name in group.security_group_ids or []
    ]
    cluster.snapshot_window = group.snapshot_window
    cluster.snapshot_retention_limit = group.snapshot_retention_limit
    cluster.preferred_maintenance_window = group.preferred_maintenance_window or MAINTENANCE_WINDOW
    cluster.notification_configuration = (
        {"TopicArn": group.notification_topic_arn, "TopicStatus": "active"}
        if group.notification_topic_arn
        else None
    )


def _full_version(version: str) -> str:
    """Since Redis 6 a version is asked for by two numbers and reported with three."""
    return f"{version}.0" if version.count(".") == 1 else version


@mends(ElastiCacheResponse, "modify_replication_group")
def modify_group(original: Method, self: Any) -> ActionResult:
    name = self._get_param("ReplicationGroupId")
    result = original(self)
    backend = self.elasticache_backend
    group = backend.replication_groups[name]
    for parameter, field in CHANGED_AS_GIVEN.items():
        value = self._get_param(parameter)
        if value is not None:
            setattr(group, field, value)
    if self._get_param("EngineVersion"):
        group.engine_version = self._get_param("EngineVersion")
    encrypted = self._get_bool_param("TransitEncryptionEnabled")
    if encrypted is not None:
        group.transit_encryption_enabled = encrypted
    if self._get_param("AuthToken"):
        group.secret_auth_token = self._get_param("AuthToken")
        group.auth_token_enabled = True
    elif self._get_param("AuthTokenUpdateStrategy") == "DELETE":
        group.secret_auth_token, group.auth_token_enabled = None, False
    for member in group.member_clusters:
        _follow(backend.cache_clusters[member], group)
    return result


@adds(ElastiCacheResponse)
def increase_replica_count(self: Any) -> ActionResult:
    return _set_replica_count(self)


@adds(ElastiCacheResponse)
def decrease_replica_count(self: Any) -> ActionResult:
    return _set_replica_count(self)


def _set_replica_count(response: Any) -> ActionResult:
    """Members are made or taken away at the end; the primary is never touched."""
    backend = response.elasticache_backend
    group = backend.replication_groups[response._get_param("ReplicationGroupId")]
    wanted = int(response._get_param("NewReplicaCount")) + 1
    members = group.node_groups[0]["node_group_members"]
    while len(members) > wanted:
        gone = members.pop()["cache_cluster_id"]
        group.member_clusters.remove(gone)
        backend.cache_clusters.pop(gone, None)
    while len(members) < wanted:
        name = f"{group.replication_group_id}-{len(members) + 1:03d}"
        members.append({**members[-1], "cache_cluster_id": name, "current_role": "replica"})
        group.member_clusters.append(name)
        backend.cache_clusters[name] = _member(backend, group, name)
    return ActionResult({"ReplicationGroup": group})


@mends(ElastiCacheBackend, "delete_replication_group")
def delete_group(original: Method, self: Any, **asked: Any) -> Any:
    group = original(self, **asked)
    for member in group.member_clusters:
        self.cache_clusters.pop(member, None)
    del self.replication_groups[group.replication_group_id]
    return group


@mends(ElastiCacheBackend, "delete_cache_cluster")
def delete_cluster(original: Method, self: Any, **asked: Any) -> Any:
    cluster = original(self, **asked)
    del self.cache_clusters[cluster.cache_cluster_id]
    return cluster
