import json
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from components.cache import Cache, CacheArgs
from tests.components.secrecy import is_secret, opened
from tests.recording import Engine

NODES = "aws:elasticache/replicationGroup:ReplicationGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
SETTINGS = "aws:elasticache/parameterGroup:ParameterGroup"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"
ARGS = CacheArgs(
    version="7.1",
    node_type="cache.t4g.small",
    replicas=1,
    policy="noeviction",
    durable=True,
    snapshot_days=7,
    vpc_id="vpc-1",
    subnet_ids=["subnet-a", "subnet-b"],
    clients={"worker": "sg-worker"},
    key_arn=KEY,
    log_days=30,
)


def build(engine: Engine, args: CacheArgs = ARGS) -> None:
    engine.build(lambda: Cache("queue", args))


def test_only_its_clients_reach_it(engine: Engine) -> None:
    build(engine)

    rule = engine.one(INGRESS)
    assert rule["referencedSecurityGroupId"] == "sg-worker"
    assert rule["fromPort"] == rule["toPort"] == 6379


def test_no_client_means_no_way_in(engine: Engine) -> None:
    build(engine, replace(ARGS, clients={}))

    assert engine.of(INGRESS) == []


def test_it_is_encrypted_at_rest_and_on_the_way(engine: Engine) -> None:
    build(engine)

    nodes = engine.one(NODES)
    assert nodes["transitEncryptionEnabled"] is True
    assert nodes["atRestEncryptionEnabled"] is True
    assert nodes["kmsKeyId"] == KEY


def test_its_token_is_one_that_elasticache_takes(engine: Engine) -> None:
    build(engine)

    token = engine.one("random:index/randomPassword:RandomPassword")
    assert 32 <= token["length"] <= 128
    assert token["special"] is False
    assert is_secret(engine.one(NODES)["authToken"])


def test_the_secret_says_how_to_connect_over_tls(engine: Engine) -> None:
    build(engine)

    secret = json.loads(opened(engine.one(VERSION)["secretString"]))
    url = urlsplit(secret["url"])
    assert url.scheme == "rediss"
    assert (url.hostname, url.port) == (secret["host"], secret["port"]) == ("cache.internal", 6379)
    assert url.password == secret["password"] == opened(engine.one(NODES)["authToken"])


def test_a_replica_takes_over_from_another_zone(engine: Engine) -> None:
    build(engine)

    nodes = engine.one(NODES)
    assert nodes["numCacheClusters"] == 2
    assert nodes["automaticFailoverEnabled"] is True
    assert nodes["multiAzEnabled"] is True


def test_one_node_alone_has_nothing_to_fail_over_to(engine: Engine) -> None:
    build(engine, replace(ARGS, replicas=0))

    nodes = engine.one(NODES)
    assert nodes["numCacheClusters"] == 1
    assert nodes["automaticFailoverEnabled"] is False
    assert nodes["multiAzEnabled"] is False


def test_what_goes_when_memory_is_full_is_as_decided(engine: Engine) -> None:
    build(engine, replace(ARGS, parameters={"maxmemory-policy": "allkeys-lru", "timeout": "300"}))

    settings = engine.one(SETTINGS)
    assert settings["family"] == "redis7"
    assert {p["name"]: p["value"] for p in settings["parameters"]} == {
        "maxmemory-policy": "noeviction",
        "timeout": "300",
    }


@pytest.mark.parametrize(("version", "family"), [("6.2", "redis6.x"), ("7.0", "redis7")])
def test_its_parameters_are_of_a_family_that_elasticache_has(
    engine: Engine, version: str, family: str
) -> None:
    build(engine, replace(ARGS, version=version))

    assert engine.one(SETTINGS)["family"] == family


def test_a_durable_cache_is_protected_and_kept_in_snapshots(engine: Engine) -> None:
    build(engine)

    assert engine.named(NODES, "queue").protect is True
    assert engine.one(NODES)["snapshotRetentionLimit"] == 7
    assert engine.one(NODES)["finalSnapshotIdentifier"] == "queue-c0ffee-final"


def test_a_passing_cache_goes_with_its_stack(engine: Engine) -> None:
    build(engine, replace(ARGS, durable=False))

    assert engine.named(NODES, "queue").protect is False
    assert "finalSnapshotIdentifier" not in engine.one(NODES)


def test_its_logs_are_encrypted_and_not_kept_for_ever(engine: Engine) -> None:
    build(engine)

    logs = engine.of("aws:cloudwatch/logGroup:LogGroup")
    assert [log["retentionInDays"] for log in logs] == [30, 30]
    assert all(log["kmsKeyId"] == KEY for log in logs)
    assert {d["logType"] for d in engine.one(NODES)["logDeliveryConfigurations"]} == {
        "engine-log",
        "slow-log",
    }
