import json
from dataclasses import replace

import pytest

from components.database import Database, DatabaseArgs, offers_insights
from tests.components.secrecy import is_secret, opened
from tests.recording import Engine

INSTANCE = "aws:rds/instance:Instance"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
SETTINGS = "aws:rds/parameterGroup:ParameterGroup"
LOG = "aws:cloudwatch/logGroup:LogGroup"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"
ARGS = DatabaseArgs(
    engine="postgres",
    version="15",
    instance_class="db.t4g.medium",
    storage_gb=20,
    storage_ceiling_gb=100,
    durable=True,
    standby=True,
    replicas=1,
    parameters={"max_connections": 200, "shared_buffers": "256MB"},
    backup_days=14,
    vpc_id="vpc-1",
    subnet_ids=["subnet-a", "subnet-b"],
    clients={"api": "sg-api", "operations": "sg-operations"},
    key_arn=KEY,
    log_days=30,
)


def build(engine: Engine, args: DatabaseArgs = ARGS) -> None:
    engine.build(lambda: Database("main", args))


def primary(engine: Engine) -> dict[str, object]:
    return engine.named(INSTANCE, "main").inputs


def test_only_its_clients_reach_it_and_it_reaches_nobody(engine: Engine) -> None:
    build(engine)

    assert {rule["referencedSecurityGroupId"] for rule in engine.of(INGRESS)} == {
        "sg-api",
        "sg-operations",
    }
    assert {rule["fromPort"] for rule in engine.of(INGRESS)} == {5432}
    assert engine.of(EGRESS) == []
    assert all(instance["publiclyAccessible"] is False for instance in engine.of(INSTANCE))


def test_no_client_means_no_way_in(engine: Engine) -> None:
    build(engine, replace(ARGS, clients={}))

    assert engine.of(INGRESS) == []


def test_it_stands_in_the_subnets_it_is_given(engine: Engine) -> None:
    build(engine)

    group = engine.one("aws:rds/subnetGroup:SubnetGroup")
    assert group["subnetIds"] == ["subnet-a", "subnet-b"]


def test_what_it_stores_is_under_the_stacks_key(engine: Engine) -> None:
    build(engine)

    assert primary(engine)["storageEncrypted"] is True
    assert primary(engine)["kmsKeyId"] == KEY
    assert primary(engine)["storageType"] == "gp3"


def test_its_settings_are_in_its_own_units_and_act_when_they_can(engine: Engine) -> None:
    build(engine)

    settings = engine.one(SETTINGS)
    assert settings["family"] == "postgres15"
    by_name = {p["name"]: (p["value"], p["applyMethod"]) for p in settings["parameters"]}
    assert by_name["max_connections"] == ("200", "pending-reboot")
    assert by_name["shared_buffers"] == ("32768", "pending-reboot")
    assert by_name["rds.force_ssl"] == ("1", "pending-reboot")


def test_mysql_is_asked_for_by_its_own_names(engine: Engine) -> None:
    build(engine, replace(ARGS, engine="mysql", version="8.0", parameters={}, replicas=0))

    assert primary(engine)["engine"] == "mysql"
    assert primary(engine)["enabledCloudwatchLogsExports"] == ["error", "slowquery"]
    assert engine.one(SETTINGS)["family"] == "mysql8.0"
    assert {rule["fromPort"] for rule in engine.of(INGRESS)} == {3306}


def test_the_administrators_secret_says_how_to_connect(engine: Engine) -> None:
    build(engine)

    secret = json.loads(opened(engine.one(VERSION)["secretString"]))
    assert secret["username"] == primary(engine)["username"] == "administrator"
    assert secret["password"] == opened(primary(engine)["password"])
    assert (secret["host"], secret["port"]) == ("database.internal", 5432)
    assert secret["dbname"] == "postgres"


def test_its_password_is_nowhere_in_plain_text(engine: Engine) -> None:
    build(engine)

    assert is_secret(primary(engine)["password"])
    for resource in engine.registered:
        plain = {key: value for key, value in resource.inputs.items() if not is_secret(value)}
        assert "generated-main-administrator" not in json.dumps(plain), resource.urn


def test_the_longest_password_that_mysql_takes_is_not_exceeded(engine: Engine) -> None:
    build(engine)

    assert 32 <= engine.one("random:index/randomPassword:RandomPassword")["length"] <= 41


def test_a_replica_follows_the_primary_and_guards_its_data_as_well(engine: Engine) -> None:
    build(engine)

    replica = engine.named(INSTANCE, "main-replica-1").inputs
    assert replica["replicateSourceDb"] == primary(engine)["identifier"]
    assert replica["storageEncrypted"] is True
    assert replica["vpcSecurityGroupIds"] == primary(engine)["vpcSecurityGroupIds"]
    assert "username" not in replica


def test_a_promoted_replica_gives_way_to_another_since_rds_makes_no_copy_of_it_again(
    engine: Engine,
) -> None:
    build(engine)
    replica = engine.named(INSTANCE, "main-replica-1")
    assert replica.replaced_on == ("replicateSourceDb",)
    assert replica.deletes_first
    assert engine.named(INSTANCE, "main").replaced_on == ()


def test_no_replica_unless_asked_for(engine: Engine) -> None:
    build(engine, replace(ARGS, replicas=0))

    assert len(engine.of(INSTANCE)) == 1


def test_one_zone_can_be_chosen_where_there_is_no_standby(engine: Engine) -> None:
    build(engine, replace(ARGS, standby=False, zone="eu-west-1b"))

    assert primary(engine)["multiAz"] is False
    assert primary(engine)["availabilityZone"] == "eu-west-1b"


def test_a_standby_leaves_the_zones_to_rds(engine: Engine) -> None:
    build(engine, replace(ARGS, zone="eu-west-1b"))

    assert primary(engine)["multiAz"] is True
    assert "availabilityZone" not in primary(engine)


def test_a_durable_database_survives_a_destroy(engine: Engine) -> None:
    build(engine)

    assert engine.named(INSTANCE, "main").protect is True
    assert primary(engine)["deletionProtection"] is True
    assert primary(engine)["skipFinalSnapshot"] is False
    assert primary(engine)["deleteAutomatedBackups"] is False
    assert primary(engine)["backupRetentionPeriod"] == 14


def test_a_final_snapshot_bears_the_instances_own_suffix(engine: Engine) -> None:
    build(engine)

    identifier = primary(engine)["identifier"]
    assert identifier == "main-c0ffee"
    assert primary(engine)["finalSnapshotIdentifier"] == f"{identifier}-final"


def test_another_engine_or_key_is_another_instance_with_another_suffix(engine: Engine) -> None:
    build(engine)

    keepers = engine.named("random:index/randomId:RandomId", "main").inputs["keepers"]
    assert keepers == {"engine": "postgres", "key": KEY}


def test_a_passing_database_goes_with_its_stack(engine: Engine) -> None:
    build(engine, replace(ARGS, durable=False))

    assert engine.named(INSTANCE, "main").protect is False
    assert primary(engine)["deletionProtection"] is False
    assert primary(engine)["skipFinalSnapshot"] is True
    assert primary(engine)["monitoringInterval"] == 0


def test_a_durable_database_is_measured_closely(engine: Engine) -> None:
    build(engine)

    assert primary(engine)["monitoringInterval"] == 60
    assert primary(engine)["performanceInsightsEnabled"] is True
    assert primary(engine)["performanceInsightsKmsKeyId"] == KEY


@pytest.mark.parametrize(
    ("instance_class", "offered"),
    [
        ("db.t4g.micro", False),
        ("db.t3.small", False),
        ("db.t4g.medium", True),
        ("db.m6g.large", True),
    ],
)
def test_mysql_has_no_insights_on_the_smallest_classes(instance_class: str, offered: bool) -> None:
    assert offers_insights("mysql", instance_class) is offered
    assert offers_insights("postgres", instance_class) is True


def test_its_logs_are_encrypted_and_not_kept_for_ever(engine: Engine) -> None:
    build(engine)

    assert {log["name"] for log in engine.of(LOG)} == {
        f"/aws/rds/instance/{identifier}-c0ffee/{log}"
        for identifier in ("main", "main-replica-1")
        for log in ("postgresql", "upgrade")
    }
    assert all(log["kmsKeyId"] == KEY and log["retentionInDays"] == 30 for log in engine.of(LOG))


def test_rds_finds_the_logs_already_made(engine: Engine) -> None:
    build(engine)

    logs = {r.urn for r in engine.registered if r.typ == LOG and "replica" not in r.name}
    assert logs <= set(engine.named(INSTANCE, "main").dependencies)


def test_a_major_upgrade_is_allowed_where_the_stack_says_so_alone(engine: Engine) -> None:
    build(engine, replace(ARGS, major_upgrade=True))
    build(engine, ARGS)

    instances = [
        one.inputs for one in engine.registered if (one.typ, one.name) == (INSTANCE, "main")
    ]
    assert [one.get("allowMajorVersionUpgrade") for one in instances] == [True, None]


def test_a_change_that_rds_refuses_is_looked_for_before_an_update(engine: Engine) -> None:
    build(engine)

    assert engine.named(INSTANCE, "main").looked_at_before_updates


def test_what_was_agreed_to_is_done_in_the_run_and_leaves_no_difference(engine: Engine) -> None:
    build(engine)

    assert [instance["applyImmediately"] for instance in engine.of(INSTANCE)] == [True, True]
