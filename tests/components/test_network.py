from dataclasses import replace
from typing import Any

from components.network import Network, NetworkArgs
from tests.recording import Engine

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
ROUTE = "aws:ec2/route:Route"
NAT = "aws:ec2/natGateway:NatGateway"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ARGS = NetworkArgs(
    region="eu-west-1",
    cidr="10.20.0.0/16",
    zones=("a", "b"),
    nat="per-zone",
    endpoints=("ssm", "logs"),
    key_arn="arn:aws:kms:eu-west-1:123456789012:key/k",
    log_days=30,
)


def build(engine: Engine, args: NetworkArgs = ARGS) -> None:
    engine.build(lambda: Network("main", args))


def routes(engine: Engine) -> dict[str, dict[str, Any]]:
    return {
        resource.name: resource.inputs for resource in engine.registered if resource.typ == ROUTE
    }


def test_names_resolve_inside_it(engine: Engine) -> None:
    build(engine)

    vpc = engine.one(VPC)
    assert vpc["cidrBlock"] == "10.20.0.0/16"
    assert vpc["enableDnsSupport"] is True
    assert vpc["enableDnsHostnames"] is True


def test_each_tier_is_in_each_zone(engine: Engine) -> None:
    build(engine)

    assert {
        (resource.name, resource.inputs["availabilityZone"])
        for resource in engine.registered
        if resource.typ == SUBNET
    } == {
        (f"main-{tier}-{zone}", f"eu-west-1{zone}")
        for tier in ("public", "private", "isolated")
        for zone in "ab"
    }


def test_the_way_out_is_every_route_there_and_what_answers_in_its_place(engine: Engine) -> None:
    networks: list[Network] = []
    engine.build(lambda: networks.append(Network("main", ARGS)))

    names = [resource._name for resource in networks[0].way_out]
    assert names == ["main-public", "main-private-a", "main-private-b", "main-ssm", "main-logs"]


def test_nothing_gets_a_public_address_by_itself(engine: Engine) -> None:
    build(engine)

    assert not any(subnet["mapPublicIpOnLaunch"] for subnet in engine.of(SUBNET))


def test_one_translator_a_zone_carries_its_own_zone_out(engine: Engine) -> None:
    build(engine)

    assert len(engine.of(NAT)) == 2
    for zone in "ab":
        assert routes(engine)[f"main-private-{zone}"]["natGatewayId"] == f"main-{zone}-id"


def test_a_single_translator_carries_every_zone_out(engine: Engine) -> None:
    build(engine, replace(ARGS, nat="single"))

    assert engine.one(NAT)["subnetId"] == "main-public-a-id"
    for zone in "ab":
        assert routes(engine)[f"main-private-{zone}"]["natGatewayId"] == "main-a-id"


def test_without_translator_only_the_public_tier_has_a_way_out(engine: Engine) -> None:
    build(engine, replace(ARGS, nat="none"))

    assert engine.of(NAT) == []
    assert list(routes(engine)) == ["main-public"]


def test_the_isolated_tier_has_no_way_out(engine: Engine) -> None:
    build(engine)

    assert "main-isolated-id" not in {route["routeTableId"] for route in engine.of(ROUTE)}
    isolated = [a for a in engine.of(ASSOCIATION) if a["subnetId"].startswith("main-isolated")]
    assert {association["routeTableId"] for association in isolated} == {"main-isolated-id"}
    assert len(isolated) == 2


def test_changing_the_translators_renames_no_route_table(engine: Engine) -> None:
    build(engine)
    before = {r.urn for r in engine.registered if r.typ == "aws:ec2/routeTable:RouteTable"}
    other = Engine()
    other.attach()
    build(other, replace(ARGS, nat="single"))

    assert {r.urn for r in other.registered if r.typ == "aws:ec2/routeTable:RouteTable"} == before


def test_objects_are_reached_without_leaving_the_network(engine: Engine) -> None:
    build(engine)

    gateway = engine.named(ENDPOINT, "main-s3").inputs
    assert gateway["vpcEndpointType"] == "Gateway"
    assert set(gateway["routeTableIds"]) == {
        "main-private-a-id",
        "main-private-b-id",
        "main-isolated-id",
    }


def test_the_endpoints_are_those_asked_for(engine: Engine) -> None:
    build(engine)

    interfaces = [e for e in engine.of(ENDPOINT) if e["vpcEndpointType"] == "Interface"]
    assert {endpoint["serviceName"] for endpoint in interfaces} == {
        "com.amazonaws.eu-west-1.ssm",
        "com.amazonaws.eu-west-1.logs",
    }
    assert all(endpoint["privateDnsEnabled"] for endpoint in interfaces)


def test_no_endpoint_asked_for_means_none_and_no_group(engine: Engine) -> None:
    build(engine, replace(ARGS, endpoints=()))

    assert [endpoint["vpcEndpointType"] for endpoint in engine.of(ENDPOINT)] == ["Gateway"]
    assert engine.of("aws:ec2/securityGroup:SecurityGroup") == []


def test_the_default_group_lets_nothing_through(engine: Engine) -> None:
    build(engine)

    group = engine.one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert not group.get("ingress")
    assert not group.get("egress")


def test_all_traffic_is_on_record_encrypted_and_not_for_ever(engine: Engine) -> None:
    build(engine)

    assert engine.one("aws:ec2/flowLog:FlowLog")["trafficType"] == "ALL"
    log = engine.one("aws:cloudwatch/logGroup:LogGroup")
    assert log["retentionInDays"] == 30
    assert log["kmsKeyId"] == ARGS.key_arn
