from components.dns import HostNames, HostNamesArgs
from tests.recording import Engine

RECORD = "aws:route53/record:Record"
HOSTS = ("3dgenerator.com", "api.3dgenerator.com")


def test_each_host_points_at_what_answers_for_it(engine: Engine) -> None:
    args = HostNamesArgs(
        hosts=HOSTS, zone_id="Z1", target="d1.cloudfront.net", target_zone_id="Z2FDTNDATAQYW2"
    )
    engine.build(lambda: HostNames("web", args))

    assert {record["name"] for record in engine.of(RECORD)} == set(HOSTS)
    for record in engine.of(RECORD):
        assert (record["zoneId"], record["type"]) == ("Z1", "A")
        (alias,) = record["aliases"]
        assert (alias["name"], alias["zoneId"]) == ("d1.cloudfront.net", "Z2FDTNDATAQYW2")


def test_an_address_is_pointed_at_as_it_is(engine: Engine) -> None:
    args = HostNamesArgs(hosts=HOSTS[:1], zone_id="Z1", target="203.0.113.10", target_zone_id=None)
    engine.build(lambda: HostNames("web", args))

    record = engine.one(RECORD)
    assert record["records"] == ["203.0.113.10"]
    assert "aliases" not in record


def test_where_dns_is_elsewhere_a_person_learns_the_records(engine: Engine) -> None:
    args = HostNamesArgs(
        hosts=HOSTS, zone_id=None, target="d1.cloudfront.net", target_zone_id="Z2FDTNDATAQYW2"
    )
    seen: list[list[dict[str, str]]] = []
    engine.build(lambda: HostNames("web", args).wanted.apply(seen.append))

    assert engine.of(RECORD) == []
    assert seen == [
        [{"name": host, "type": "CNAME", "value": "d1.cloudfront.net"} for host in HOSTS]
    ]
