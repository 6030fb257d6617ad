import pytest

from components.firewall import (
    ANYWHERE,
    Firewall,
    FirewallArgs,
    Group,
    Passage,
    Peer,
    PrefixList,
    Range,
)
from tests.recording import Engine

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"


def test_a_client_comes_in_by_its_port_alone(engine: Engine) -> None:
    engine.build(
        lambda: Firewall(
            "store",
            FirewallArgs(
                group_id="sg-store",
                ingress={"api": Passage(peer=Group("sg-api"), port=5432)},
                egress={},
            ),
        )
    )

    rule = engine.one(INGRESS)
    assert rule["securityGroupId"] == "sg-store"
    assert rule["fromPort"] == rule["toPort"] == 5432
    assert rule["ipProtocol"] == "tcp"
    assert engine.of(EGRESS) == []


@pytest.mark.parametrize(
    ("peer", "key", "value"),
    [
        (Group("sg-api"), "referencedSecurityGroupId", "sg-api"),
        (Range("203.0.113.0/24"), "cidrIpv4", "203.0.113.0/24"),
        (PrefixList("pl-s3"), "prefixListId", "pl-s3"),
    ],
)
def test_a_rule_names_one_peer_and_no_other(
    engine: Engine, peer: Peer, key: str, value: str
) -> None:
    engine.build(
        lambda: Firewall(
            "api",
            FirewallArgs(
                group_id="sg",
                ingress={"it": Passage(peer=peer, port=1)},
                egress={"it": Passage(peer=peer, port=1)},
            ),
        )
    )

    peers = {"referencedSecurityGroupId", "cidrIpv4", "cidrIpv6", "prefixListId"}
    for rule in (engine.one(INGRESS), engine.one(EGRESS)):
        assert {name: rule[name] for name in peers & rule.keys()} == {key: value}


def test_a_client_more_leaves_the_rules_of_the_others_as_they_are(engine: Engine) -> None:
    one = {"api": Passage(peer=Group("sg-api"), port=5432)}
    two = {"admin": Passage(peer=Group("sg-admin"), port=5432), **one}
    engine.build(lambda: Firewall("store", FirewallArgs(group_id="sg", ingress=one, egress={})))
    before = {r.urn for r in engine.registered if r.typ == INGRESS}
    engine.build(lambda: Firewall("store", FirewallArgs(group_id="sg", ingress=two, egress={})))

    assert before < {r.urn for r in engine.registered if r.typ == INGRESS}


def test_no_peer_means_no_way_in_or_out(engine: Engine) -> None:
    engine.build(lambda: Firewall("alone", FirewallArgs(group_id="sg", ingress={}, egress={})))

    assert engine.of(INGRESS) == engine.of(EGRESS) == []


def test_what_goes_out_goes_by_the_port_named(engine: Engine) -> None:
    engine.build(
        lambda: Firewall(
            "api",
            FirewallArgs(
                group_id="sg",
                ingress={},
                egress={"dns": Passage(peer=ANYWHERE, port=53, protocol="udp")},
            ),
        )
    )

    rule = engine.one(EGRESS)
    assert (rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("udp", 53, 53)
