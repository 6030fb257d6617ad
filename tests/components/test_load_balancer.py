from dataclasses import replace

import pytest

from components.firewall import ANYWHERE, PrefixList
from components.load_balancer import LoadBalancer, LoadBalancerArgs
from tests.recording import Engine

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ARGS = LoadBalancerArgs(
    vpc_id="vpc-1",
    subnet_ids=["subnet-a", "subnet-b"],
    internal=False,
    clients={"internet": ANYWHERE},
    behind_edge=False,
    redirect=True,
    certificate_arn="arn:certificate",
    idle_timeout=4000,
    log_bucket="logs",
    durable=True,
)
BEHIND_A_CDN = replace(
    ARGS,
    internal=True,
    behind_edge=True,
    redirect=False,
    clients={"cdn": PrefixList("pl-cloudfront")},
)


def build(engine: Engine, args: LoadBalancerArgs = ARGS) -> None:
    engine.build(lambda: LoadBalancer("main", args))


def test_it_drops_what_no_browser_sends(engine: Engine) -> None:
    build(engine)

    balancer = engine.one(BALANCER)
    assert balancer["dropInvalidHeaderFields"] is True
    assert balancer["desyncMitigationMode"] == "defensive"
    assert balancer["enableHttp2"] is True
    assert balancer["preserveHostHeader"] is True


def test_the_visitor_s_address_is_the_last_that_hosts_are_told(engine: Engine) -> None:
    build(engine)

    assert engine.one(BALANCER)["xffHeaderProcessingMode"] == "append"


def test_behind_the_edge_it_is_the_edge_s_word_and_not_the_edge_s_own_address(
    engine: Engine,
) -> None:
    """By its own address all visitors of one place would share a limit."""
    build(engine, BEHIND_A_CDN)

    assert engine.one(BALANCER)["xffHeaderProcessingMode"] == "preserve"


def test_a_silent_connection_stays_as_long_as_a_websocket_needs(engine: Engine) -> None:
    build(engine)

    assert engine.one(BALANCER)["idleTimeout"] == 4000


def test_who_asked_for_what_is_on_record(engine: Engine) -> None:
    build(engine)

    assert engine.one(BALANCER)["accessLogs"] == {
        "bucket": "logs",
        "prefix": "load-balancer",
        "enabled": True,
    }


@pytest.mark.parametrize(
    ("oldest", "policy"),
    [
        ("TLSv1.2", "ELBSecurityPolicy-TLS13-1-2-2021-06"),
        ("TLSv1.3", "ELBSecurityPolicy-TLS13-1-3-2021-06"),
    ],
)
def test_no_client_speaks_older_tls_than_allowed(engine: Engine, oldest: str, policy: str) -> None:
    build(engine, replace(ARGS, oldest_tls=oldest))

    listener = engine.named(LISTENER, "main").inputs
    assert (listener["port"], listener["protocol"]) == (443, "HTTPS")
    assert listener["sslPolicy"] == policy


def test_what_no_rule_knows_is_not_found(engine: Engine) -> None:
    build(engine)

    (action,) = engine.named(LISTENER, "main").inputs["defaultActions"]
    assert action["fixedResponse"]["statusCode"] == "404"


def test_plain_http_is_sent_to_the_same_place_over_tls(engine: Engine) -> None:
    build(engine)

    listener = engine.named(LISTENER, "main-redirect").inputs
    assert (listener["port"], listener["protocol"]) == (80, "HTTP")
    (action,) = listener["defaultActions"]
    assert action["redirect"] == {
        "protocol": "HTTPS",
        "port": "443",
        "host": "#{host}",
        "path": "/#{path}",
        "query": "#{query}",
        "statusCode": "HTTP_301",
    }


def test_everyone_may_come_by_the_two_ports_of_the_web(engine: Engine) -> None:
    build(engine)

    assert {(rule["cidrIpv4"], rule["fromPort"]) for rule in engine.of(INGRESS)} == {
        ("0.0.0.0/0", 443),
        ("0.0.0.0/0", 80),
    }


def test_behind_a_cdn_only_the_cdn_comes_and_only_over_tls(engine: Engine) -> None:
    build(engine, BEHIND_A_CDN)

    rule = engine.one(INGRESS)
    assert (rule["prefixListId"], rule["fromPort"]) == ("pl-cloudfront", 443)
    assert "cidrIpv4" not in rule
    assert len(engine.of(LISTENER)) == 1
    assert engine.one(BALANCER)["internal"] is True


def test_it_reaches_nobody_until_somebody_is_named(engine: Engine) -> None:
    build(engine)

    assert engine.of(EGRESS) == []


def test_each_further_certificate_is_offered_by_name(engine: Engine) -> None:
    build(engine, replace(ARGS, further_certificate_arns={"photo": "arn:photo"}))

    certificate = engine.named("aws:lb/listenerCertificate:ListenerCertificate", "main-photo")
    assert certificate.inputs["certificateArn"] == "arn:photo"


def test_a_durable_one_is_not_removed_without_a_human(engine: Engine) -> None:
    build(engine)

    assert engine.named(BALANCER, "main").protect is True
    assert engine.one(BALANCER)["enableDeletionProtection"] is True


def test_a_passing_one_goes_with_its_stack(engine: Engine) -> None:
    build(engine, replace(ARGS, durable=False))

    assert engine.named(BALANCER, "main").protect is False
    assert engine.one(BALANCER)["enableDeletionProtection"] is False
