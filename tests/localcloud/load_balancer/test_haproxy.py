from typing import Any

import pytest

from localcloud.load_balancer.haproxy import configuration, location, quote, server_options
from localcloud.load_balancer.model import (
    Action,
    Balancer,
    Condition,
    Forward,
    HealthCheck,
    Listener,
    Redirect,
    Respond,
    Rule,
    Target,
    TargetGroup,
)

HTTPS = Listener(port=443, certificates=("front.pem",))
HTTP = Listener(port=80)
TARGET = Target(group="web", id="i-1", address="10.0.0.5", port=3000)


def lines(listener: Listener, *, groups: dict[str, TargetGroup] | None = None, **more: Any) -> str:
    return configuration(Balancer(listeners=(listener,), groups=groups or {}, **more), [])


def with_rule(action: Action, *conditions: Condition) -> str:
    return lines(Listener(port=80, rules=(Rule(conditions=conditions, action=action),)))


def test_a_listener_with_certificates_speaks_tls_and_http2() -> None:
    text = lines(HTTPS)
    assert "bind :443 ssl crt /var/lib/store/config/front.pem ssl-min-ver TLSv1.2" in text
    assert "alpn h2,http/1.1" in text
    assert "alpn http/1.1" in lines(HTTPS, http2=False)


def test_targets_learn_how_the_client_came() -> None:
    assert "set-header X-Forwarded-Proto https" in lines(HTTPS)
    assert "set-header X-Forwarded-Port 443" in lines(HTTPS)
    assert "set-header X-Forwarded-Proto http\n" in lines(HTTP)


def test_the_clients_address_is_appended_to_what_it_says_itself() -> None:
    assert 'X-Forwarded-For "%[var(txn.through)], %[src]"' in lines(HTTP)
    assert "del-header X-Forwarded-For" in lines(HTTP, forwarded_for="remove")
    assert "X-Forwarded-For" not in lines(HTTP, forwarded_for="preserve")


@pytest.mark.parametrize(
    ("condition", "test"),
    [
        (
            Condition(field="host-header", values=("shop.test",)),
            "req.hdr(host),field(1,:) -m str -i -- 'shop.test'",
        ),
        (
            Condition(field="host-header", values=("*.shop.test",)),
            r"req.hdr(host),field(1,:) -m reg -i -- '^.*\.shop\.test$'",
        ),
        (Condition(field="path-pattern", values=("/api/*",)), "path -m reg -- '^/api/.*$'"),
        (Condition(field="path-pattern", values=("/v?",)), "path -m reg -- '^/v.$'"),
        (Condition(field="http-request-method", values=("GET",)), "method -m str -- 'GET'"),
        (Condition(field="source-ip", values=("10.0.0.0/8", "::1/128")), "src 10.0.0.0/8 ::1/128"),
        (
            Condition(field="http-header", header="X-Test", values=("a*",)),
            "req.hdr(X-Test) -m reg -i -- '^a.*$'",
        ),
        (
            Condition(field="query-string", values=("v=1",)),
            "url_param(v) -m str -i -- '1'",
        ),
    ],
)
def test_each_kind_of_condition_is_tested(condition: Condition, test: str) -> None:
    assert f"acl rule1_1 {test}\n" in with_rule(Respond(status=200), condition)


def test_all_conditions_of_a_rule_must_hold_and_the_first_rule_that_does_decides() -> None:
    text = with_rule(
        Respond(status=200),
        Condition(field="host-header", values=("a.test", "b.test")),
        Condition(field="path-pattern", values=("/x",)),
    )
    assert text.count("acl rule1_1 ") == 2
    assert "set-var(txn.rule) int(1) if !{ var(txn.rule) -m found } rule1_1 rule1_2" in text


def test_an_earlier_forward_wins_over_a_later_answer() -> None:
    """HAProxy runs answers before forwards, wherever they stand."""
    everything = Condition(field="path-pattern", values=("/*",))
    text = lines(
        Listener(
            port=80,
            rules=(
                Rule(conditions=(everything,), action=Forward(weights=(("web", 1),))),
                Rule(conditions=(everything,), action=Respond(status=410)),
            ),
        )
    )
    assert "use_backend web if { var(txn.rule) -m int 1 }" in text
    assert "http-request return status 410 if { var(txn.rule) -m int 2 }" in text


def test_weights_are_shares_of_all_requests() -> None:
    text = with_rule(Forward(weights=(("blue", 9), ("green", 1), ("red", 0))))
    assert "set-var(txn.share) rand(10)" in text
    assert "use_backend blue if { var(txn.rule) -m int 1 } { var(txn.share) -m int lt 9 }" in text
    assert "use_backend green if { var(txn.rule) -m int 1 } { var(txn.share) -m int lt 10 }" in text
    assert "red" not in text


@pytest.mark.parametrize(
    ("redirect", "listener", "where"),
    [
        (
            Redirect(protocol="HTTPS", port="443"),
            HTTP,
            "https://%[req.hdr(host),field(1,:)]%[pathq]",
        ),
        (Redirect(host="www.test"), HTTPS, "https://www.test%[pathq]"),
        (Redirect(port="8443"), HTTPS, "https://%[req.hdr(host),field(1,:)]:8443%[pathq]"),
        (
            Redirect(path="/new/#{path}", query="a=b"),
            HTTP,
            "http://%[req.hdr(host),field(1,:)]/new/%[var(txn.bare)]?a=b",
        ),
        (Redirect(path="/", query=""), HTTP, "http://%[req.hdr(host),field(1,:)]/"),
    ],
)
def test_a_redirect_leads_where_it_says(redirect: Redirect, listener: Listener, where: str) -> None:
    assert location(redirect, listener) == where


def test_a_fixed_answer_is_given_as_it_is_written() -> None:
    text = with_rule(Respond(status=503, content_type="text/html", body="it's %[src] $HOME"))
    assert "content-type 'text/html' string 'it'\\''s %[src] $HOME' if" in text


def test_no_word_can_become_two() -> None:
    assert quote("a 'b'\nuse_backend x") == "'a '\\''b'\\'' use_backend x'"


def test_health_is_asked_for_as_the_group_says() -> None:
    health = HealthCheck(
        path="/health", statuses="200-299", interval=15, timeout=5, healthy=2, unhealthy=3
    )
    text = lines(HTTP, groups={"web": TargetGroup(name="web", health=health)})
    assert "http-check send meth GET uri '/health' ver HTTP/1.1" in text
    assert "http-check expect status 200-299" in text
    assert "timeout check 5s" in text
    options = server_options(TargetGroup(name="web", health=health), TARGET)
    assert options == "10.0.0.5:3000 check inter 15s fall 3 rise 2"


def test_a_sticky_client_has_a_cookie_that_ends() -> None:
    group = TargetGroup(name="web", health=HealthCheck(), sticky=60)
    assert "cookie AWSALB insert indirect nocache maxidle 60s" in lines(HTTP, groups={"web": group})
    assert "cookie i-1_3000" in server_options(group, TARGET)


def test_a_group_is_balanced_as_it_asks() -> None:
    group = TargetGroup(
        name="web", health=HealthCheck(), algorithm="least_outstanding_requests", slow_start=30
    )
    assert "balance leastconn" in lines(HTTP, groups={"web": group})
    assert "slowstart 30s" in server_options(group, TARGET)


def test_nobody_is_asked_twice() -> None:
    """A load balancer of AWS does not try another target either."""
    assert "retries 0" in lines(HTTP)


def test_silence_ends_after_the_idle_timeout_also_on_a_websocket() -> None:
    text = lines(HTTP, idle_timeout=120)
    assert "timeout tunnel 120s" in text
    assert "timeout server 120s" in text


def test_a_running_target_is_in_the_file_for_the_next_worker() -> None:
    groups = {"web": TargetGroup(name="web", health=HealthCheck())}
    text = configuration(Balancer(listeners=(HTTP,), groups=groups), [TARGET])
    assert "server i-1_3000 10.0.0.5:3000 check" in text
