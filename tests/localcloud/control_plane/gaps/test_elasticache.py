from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Client = Callable[[str], Any]
GROUP: dict[str, Any] = {
    "ReplicationGroupId": "queue",
    "ReplicationGroupDescription": "-",
    "Engine": "redis",
    "EngineVersion": "7.1",
    "CacheNodeType": "cache.t4g.small",
    "NumCacheClusters": 2,
    "TransitEncryptionEnabled": True,
    "AuthToken": "a-token-of-sixteen",
}


def members(cache: Any) -> list[str]:
    return cache.describe_replication_groups()["ReplicationGroups"][0]["MemberClusters"]


def test_a_group_has_as_many_members_as_asked_and_each_can_be_looked_at(client: Client) -> None:
    cache = client("elasticache")
    cache.create_replication_group(**GROUP)

    assert len(members(cache)) == 2
    for name in members(cache):
        (found,) = cache.describe_cache_clusters(CacheClusterId=name)["CacheClusters"]
        assert found["EngineVersion"] == "7.1.0"


def test_members_come_and_go_at_the_end(client: Client) -> None:
    cache = client("elasticache")
    cache.create_replication_group(**GROUP)
    first = members(cache)[0]

    cache.increase_replica_count(
        ReplicationGroupId="queue", NewReplicaCount=2, ApplyImmediately=True
    )
    assert len(members(cache)) == 3
    cache.decrease_replica_count(
        ReplicationGroupId="queue", NewReplicaCount=0, ApplyImmediately=True
    )
    assert members(cache) == [first]


def test_a_deleted_group_is_gone_with_its_members(client: Client) -> None:
    cache = client("elasticache")
    cache.create_replication_group(**GROUP)

    cache.delete_replication_group(ReplicationGroupId="queue")

    with pytest.raises(ClientError, match="not found"):
        cache.describe_replication_groups(ReplicationGroupId="queue")
    assert cache.describe_cache_clusters()["CacheClusters"] == []


def test_a_change_reaches_the_group_and_its_members(client: Client) -> None:
    cache = client("elasticache")
    cache.create_replication_group(**GROUP)

    cache.modify_replication_group(
        ReplicationGroupId="queue",
        SecurityGroupIds=["sg-1"],
        SnapshotWindow="01:00-02:00",
        ApplyImmediately=True,
    )

    (found,) = cache.describe_cache_clusters(CacheClusterId=members(cache)[1])["CacheClusters"]
    assert found["SecurityGroups"] == [{"SecurityGroupId": "sg-1", "Status": "active"}]
    assert found["SnapshotWindow"] == "01:00-02:00"


def test_the_token_is_known_to_whoever_runs_the_cache_and_can_be_changed(client: Client) -> None:
    from localcloud.control_plane.cloud import MotoCloud

    cache = client("elasticache")
    cache.create_replication_group(**GROUP)
    cloud = MotoCloud("", lambda generation: None)
    assert cloud.auth_token("eu-west-1", "queue") == "a-token-of-sixteen"

    cache.modify_replication_group(
        ReplicationGroupId="queue", AuthToken="another-token-now", AuthTokenUpdateStrategy="SET"
    )

    assert cloud.auth_token("eu-west-1", "queue") == "another-token-now"


def test_parameter_groups_live_and_die(client: Client) -> None:
    cache = client("elasticache")
    cache.create_cache_parameter_group(
        CacheParameterGroupName="tuned", CacheParameterGroupFamily="redis7", Description="-"
    )
    cache.modify_cache_parameter_group(
        CacheParameterGroupName="tuned",
        ParameterNameValues=[
            {"ParameterName": "maxmemory-policy", "ParameterValue": "noeviction"},
            {"ParameterName": "timeout", "ParameterValue": "60"},
        ],
    )
    cache.reset_cache_parameter_group(
        CacheParameterGroupName="tuned",
        ParameterNameValues=[{"ParameterName": "timeout", "ParameterValue": "60"}],
    )

    parameters = cache.describe_cache_parameters(CacheParameterGroupName="tuned")["Parameters"]
    assert [(p["ParameterName"], p["ParameterValue"]) for p in parameters] == [
        ("maxmemory-policy", "noeviction")
    ]

    cache.delete_cache_parameter_group(CacheParameterGroupName="tuned")
    with pytest.raises(ClientError, match="not found"):
        cache.describe_cache_parameter_groups(CacheParameterGroupName="tuned")


def test_subnet_groups_can_be_changed_and_deleted(client: Client) -> None:
    cache, ec2 = client("elasticache"), client("ec2")
    subnets = [s["SubnetId"] for s in ec2.describe_subnets()["Subnets"]]
    cache.create_cache_subnet_group(
        CacheSubnetGroupName="stores", CacheSubnetGroupDescription="-", SubnetIds=subnets[:1]
    )

    changed = cache.modify_cache_subnet_group(CacheSubnetGroupName="stores", SubnetIds=subnets[:2])
    assert len(changed["CacheSubnetGroup"]["Subnets"]) == 2

    cache.delete_cache_subnet_group(CacheSubnetGroupName="stores")
    assert cache.describe_cache_subnet_groups()["CacheSubnetGroups"] == []
