from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.routing import (
    VALUES_A_RULE,
    Forward,
    Respond,
    Route,
    Routing,
    RoutingArgs,
    Rule,
    prioritised,
    rules,
)
from tests.recording import Engine

RULE = "aws:lb/listenerRule:ListenerRule"
API = Route(
    hosts=("api.ingenio.com",), paths=("/api/*", "/health"), action=Forward(weights={"api": 1})
)
ARGS = RoutingArgs(
    listener_arn="arn:listener",
    target_group_arns={"api": "arn:api", "green": "arn:green"},
    routes={"api": API},
)

paths = st.builds(
    "/{}{}".format, st.sampled_from(["", "a", "a/b", "api/v2"]), st.sampled_from(["", "/*", "*"])
)
hosts = st.builds("{}h{}.com".format, st.sampled_from(["", "*."]), st.integers(0, 20))
routes = st.lists(
    st.builds(
        Route,
        hosts=st.lists(hosts, min_size=1, max_size=9, unique=True).map(tuple),
        paths=st.lists(paths, min_size=1, max_size=4, unique=True).map(tuple),
        action=st.just(Forward(weights={"api": 1})),
    ),
    max_size=4,
).map(lambda listed: {f"route-{number}": route for number, route in enumerate(listed)})


def test_a_request_goes_by_host_and_path_to_its_service(engine: Engine) -> None:
    engine.build(lambda: Routing("web", ARGS))

    assert {
        (rule["conditions"][0]["hostHeader"]["values"][0], path)
        for rule in engine.of(RULE)
        for path in rule["conditions"][1]["pathPattern"]["values"]
    } == {("api.ingenio.com", "/api/*"), ("api.ingenio.com", "/health")}
    for rule in engine.of(RULE):
        assert rule["actions"] == [{"type": "forward", "targetGroupArn": "arn:api"}]


def test_two_groups_share_by_weight(engine: Engine) -> None:
    both = replace(API, paths=("/*",), action=Forward(weights={"api": 90, "green": 10}))
    engine.build(lambda: Routing("web", replace(ARGS, routes={"api": both})))

    (action,) = engine.one(RULE)["actions"]
    assert action["forward"]["targetGroups"] == [
        {"arn": "arn:api", "weight": 90},
        {"arn": "arn:green", "weight": 10},
    ]


def test_a_closed_path_is_answered_on_the_spot(engine: Engine) -> None:
    closed = Route(
        hosts=("api.ingenio.com",), paths=("/api/actuator/*",), action=Respond(status=403)
    )
    engine.build(lambda: Routing("web", replace(ARGS, routes={"closed": closed})))

    (action,) = engine.one(RULE)["actions"]
    assert action["fixedResponse"]["statusCode"] == "403"


def test_no_route_means_no_rule(engine: Engine) -> None:
    engine.build(lambda: Routing("web", replace(ARGS, routes={})))

    assert engine.of(RULE) == []


@given(routes)
def test_no_rule_tests_more_than_aws_allows(wanted: dict[str, Route]) -> None:
    assert all(len(rule.hosts) + 1 <= VALUES_A_RULE for rule in rules(wanted))


@given(routes)
def test_every_host_and_path_of_a_route_has_its_rule(wanted: dict[str, Route]) -> None:
    made = sorted((rule.route, host, rule.path) for rule in rules(wanted) for host in rule.hosts)

    assert made == sorted(
        (name, host, path)
        for name, route in wanted.items()
        for host in route.hosts
        for path in route.paths
    )


@given(routes)
def test_no_two_rules_have_one_priority_and_aws_knows_all_of_them(
    wanted: dict[str, Route],
) -> None:
    priorities = list(prioritised(rules(wanted)).values())

    assert len(set(priorities)) == len(priorities)
    assert all(1 <= priority <= 50_000 for priority in priorities)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/api/v2/*", "/api/*"),
        ("/api/*", "/*"),
        ("/health", "/*"),
        ("/api/health", "/api/health*"),
        ("/a/b*", "/a/?"),
    ],
)
def test_the_more_specific_path_is_asked_first(first: str, second: str) -> None:
    host = ("a.com",)
    order = prioritised(
        [Rule(route="late", hosts=host, path=second), Rule(route="soon", hosts=host, path=first)]
    )

    assert [rule.path for rule in order] == [first, second]


def test_a_whole_host_is_asked_before_a_pattern_whatever_the_path() -> None:
    order = prioritised(
        [
            Rule(route="any", hosts=("*.a.com",), path="/long/path/indeed/*"),
            Rule(route="one", hosts=("api.a.com",), path="/*"),
        ]
    )

    assert [rule.route for rule in order] == ["one", "any"]


def test_a_route_more_moves_no_other() -> None:
    before = prioritised(rules({"api": API}))
    other = replace(API, hosts=("aizhao.icu",), paths=("/x", "/y/*", "/*"))
    after = prioritised(rules({"photo": other, "api": API}))

    assert before.items() <= after.items()


def test_the_order_in_which_routes_are_written_does_not_matter() -> None:
    other = replace(API, hosts=("aizhao.icu",))

    assert prioritised(rules({"a": API, "b": other})) == prioritised(rules({"b": other, "a": API}))


def test_too_many_rules_of_one_length_are_refused_by_name() -> None:
    crowd = [Rule(route=f"r{n}", hosts=("a.com",), path=f"/{n:03}") for n in range(97)]

    with pytest.raises(ValueError, match="load balancer of their own"):
        prioritised(crowd)
