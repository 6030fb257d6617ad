import json
from dataclasses import replace

import pytest

from components.operations_host import OperationsHost, OperationsHostArgs
from components.permissions import read_secrets
from tests.recording import Engine

INSTANCE = "aws:ec2/instance:Instance"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ADDRESS = "aws:ec2/eip:Eip"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"
BASTION = OperationsHostArgs(
    access="bastion",
    administrators=("203.0.113.0/24",),
    vpc_id="vpc-1",
    subnet_id="subnet-public-a",
    image_id="ami-1",
    instance_type="t4g.nano",
    key_arn=KEY,
    key_name=None,
    user_data=None,
    statements={"read-secrets": read_secrets(["arn:owner"])},
)
HIDDEN = replace(BASTION, access="session-manager", administrators=())


def build(engine: Engine, args: OperationsHostArgs) -> None:
    engine.build(lambda: OperationsHost("operations", args))


def test_a_bastion_is_reached_from_the_listed_ranges_alone(engine: Engine) -> None:
    build(engine, BASTION)

    rule = engine.one(INGRESS)
    assert (rule["cidrIpv4"], rule["fromPort"], rule["toPort"]) == ("203.0.113.0/24", 22, 22)


def test_a_bastion_keeps_its_address(engine: Engine) -> None:
    build(engine, BASTION)

    assert engine.one(ADDRESS)["instance"] == "operations-id"


def test_by_session_manager_nobody_comes_from_outside(engine: Engine) -> None:
    build(engine, HIDDEN)

    assert engine.of(INGRESS) == []
    assert engine.of(ADDRESS) == []
    assert engine.one(INSTANCE)["associatePublicIpAddress"] is False


def test_ranges_do_not_open_a_port_that_session_manager_does_not_need(engine: Engine) -> None:
    build(engine, replace(HIDDEN, administrators=("203.0.113.0/24",)))

    assert engine.of(INGRESS) == []


def test_a_bastion_for_nobody_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="list the address ranges"):
        build(engine, replace(BASTION, administrators=()))


def test_nobody_steals_its_role_through_a_careless_service(engine: Engine) -> None:
    build(engine, BASTION)

    metadata = engine.one(INSTANCE)["metadataOptions"]
    assert metadata["httpTokens"] == "required"
    assert metadata["httpPutResponseHopLimit"] == 1


def test_its_disk_is_under_the_stacks_key(engine: Engine) -> None:
    build(engine, BASTION)

    disk = engine.one(INSTANCE)["rootBlockDevice"]
    assert (disk["encrypted"], disk["kmsKeyId"]) == (True, KEY)


def test_it_may_do_what_it_is_there_for_and_be_reached(engine: Engine) -> None:
    build(engine, BASTION)

    statements = json.loads(engine.one("aws:iam/rolePolicy:RolePolicy")["policy"])["Statement"]
    assert [statement["Sid"] for statement in statements] == ["ReadSecrets", "SessionManager"]
    assert engine.one(INSTANCE)["iamInstanceProfile"] == "operations"


def test_it_goes_out_by_the_ports_of_the_web_alone(engine: Engine) -> None:
    build(engine, BASTION)

    assert {rule["fromPort"] for rule in engine.of(EGRESS)} == {80, 443}
