"""A pool of hosts: each private, encrypted, named for life, and open to the jump host alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.host_fleet import HostFleet, HostFleetArgs, places, refused_of_the_one
from tests.recording import Engine

INSTANCE = "aws:ec2/instance:Instance"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"


def build(engine: Engine, *, count: int = 2, durable: bool = True, public: bool = False) -> None:
    args = HostFleetArgs(
        instance_type="t4g.medium",
        image_id="ami-0123456789abcdef0",
        count=count,
        disk_gb=40,
        durable=durable,
        public=public,
        vpc_id="vpc-1",
        subnet_ids={"a": "subnet-a", "b": "subnet-b"},
        key_arn="arn:key",
        key_pair="deploy",
        user_data=None,
        operations_group_id="sg-operations",
        calls=[443, 587, 443],
        statements={},
    )
    engine.build(lambda: HostFleet("web", args))


def hosts(engine: Engine) -> dict[str, dict[str, Any]]:
    return {one.name: one.inputs for one in engine.registered if one.typ == INSTANCE}


def test_hosts_stand_in_the_zones_in_turn(engine: Engine) -> None:
    build(engine, count=3)

    assert {name: host["subnetId"] for name, host in hosts(engine).items()} == {
        "web-a1": "subnet-a",
        "web-b1": "subnet-b",
        "web-a2": "subnet-a",
    }


@given(
    count=st.integers(1, 24),
    zones=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6, unique=True),
)
def test_one_host_more_adds_one_and_renames_none(count: int, zones: list[str]) -> None:
    fewer, more = places("web", count, zones), places("web", count + 1, zones)

    assert len(fewer) == count
    assert len(more) == count + 1
    assert fewer.items() <= more.items()


def test_its_disk_is_encrypted_and_as_large_as_asked(engine: Engine) -> None:
    build(engine)

    for host in hosts(engine).values():
        disk = host["rootBlockDevice"]
        assert (disk["volumeSize"], disk["volumeType"]) == (40, "gp3")
        assert (disk["encrypted"], disk["kmsKeyId"]) == (True, "arn:key")


def test_its_metadata_want_a_session_token_and_stay_on_the_host(engine: Engine) -> None:
    build(engine)

    for host in hosts(engine).values():
        assert host["metadataOptions"]["httpTokens"] == "required"
        assert host["metadataOptions"]["httpPutResponseHopLimit"] == 1


def test_the_jump_host_alone_may_log_in(engine: Engine) -> None:
    build(engine)

    (rule,) = engine.of(INGRESS)
    assert (rule["fromPort"], rule["toPort"]) == (22, 22)
    assert rule["referencedSecurityGroupId"] == "sg-operations"


def test_it_calls_by_the_ports_that_its_services_name(engine: Engine) -> None:
    build(engine)

    out = [rule for rule in engine.of(EGRESS) if rule["securityGroupId"] == "web-id"]
    assert sorted(rule["fromPort"] for rule in out) == [443, 587]


def test_the_jump_host_is_let_out_to_it(engine: Engine) -> None:
    build(engine)

    (rule,) = [one for one in engine.of(EGRESS) if one["securityGroupId"] == "sg-operations"]
    assert (rule["referencedSecurityGroupId"], rule["fromPort"]) == ("web-id", 22)


def test_a_broken_machine_is_moved_by_aws(engine: Engine) -> None:
    build(engine)

    assert all(
        host["maintenanceOptions"]["autoRecovery"] == "default" for host in hosts(engine).values()
    )


@pytest.mark.parametrize("durable", [True, False])
def test_a_host_can_give_way_to_another_on_every_stack(engine: Engine, durable: bool) -> None:
    """The provider refuses to end one that AWS protects (its issue 43722): a run with a new image
    would fail at its end, and every one after it."""
    build(engine, durable=durable)

    assert not any(host.get("disableApiTermination") for host in hosts(engine).values())


def test_another_size_brings_new_hosts_before_the_old_ones_go(engine: Engine) -> None:
    build(engine)

    assert {one.replaced_on for one in engine.registered if one.typ == INSTANCE} == {
        ("instanceType", "rootBlockDevice.volumeSize")
    }
    assert not any(one.deletes_first for one in engine.registered)


def test_the_one_that_answers_the_world_is_resized_where_it_is(engine: Engine) -> None:
    build(engine, count=1, public=True)

    only = engine.named(INSTANCE, "web-a1")
    assert only.replaced_on == ()
    assert only.looked_at_before_updates


def test_its_disk_grows_and_never_shrinks() -> None:
    def said(was: int, wanted: int) -> list[str]:
        before, after = ({"rootBlockDevice": {"volumeSize": float(size)}} for size in (was, wanted))
        return list(refused_of_the_one(before, after, before))

    assert said(20, 40) == said(20, 20) == []
    assert said(40, 20) == ["disk_gb goes from 40 to 20, and EBS makes no volume smaller"]


def test_a_host_that_answers_the_world_keeps_one_address_and_opens_the_ports_of_the_web(
    engine: Engine,
) -> None:
    build(engine, count=1, public=True)

    assert engine.one("aws:ec2/eip:Eip")["instance"] == "web-a1-id"
    # It has one then, and AWS's answer of True must be no difference.
    assert "associatePublicIpAddress" not in hosts(engine)["web-a1"]
    world = {rule["fromPort"] for rule in engine.of(INGRESS) if rule.get("cidrIpv4")}
    assert world == {80, 443}


def test_other_hosts_have_no_public_address(engine: Engine) -> None:
    build(engine)

    assert engine.of("aws:ec2/eip:Eip") == []
    assert not any(host["associatePublicIpAddress"] for host in hosts(engine).values())
