from dataclasses import replace

from components.target_group import HealthCheck, TargetGroup, TargetGroupArgs
from tests.recording import Engine

GROUP = "aws:lb/targetGroup:TargetGroup"
ARGS = TargetGroupArgs(
    vpc_id="vpc-1",
    port=3001,
    kind="instance",
    health=HealthCheck(path="/health", interval=5, timeout=2, healthy=2, unhealthy=3),
)


def test_a_copy_is_asked_whether_it_is_well_on_its_own_port(engine: Engine) -> None:
    engine.build(lambda: TargetGroup("api", ARGS))

    group = engine.one(GROUP)
    assert group["port"] == 3001
    assert group["healthCheck"] == {
        "path": "/health",
        "port": "traffic-port",
        "protocol": "HTTP",
        "matcher": "200",
        "interval": 5,
        "timeout": 2,
        "healthyThreshold": 2,
        "unhealthyThreshold": 3,
    }


def test_a_client_is_bound_to_no_copy(engine: Engine) -> None:
    engine.build(lambda: TargetGroup("api", ARGS))

    assert engine.one(GROUP)["stickiness"]["enabled"] is False


def test_a_client_stays_with_its_copy_where_asked(engine: Engine) -> None:
    engine.build(lambda: TargetGroup("api", replace(ARGS, sticky_seconds=3600)))

    assert engine.one(GROUP)["stickiness"] == {
        "type": "lb_cookie",
        "enabled": True,
        "cookieDuration": 3600,
    }


def test_requests_go_to_the_least_busy_copy_where_asked(engine: Engine) -> None:
    engine.build(
        lambda: TargetGroup("api", replace(ARGS, algorithm="least_outstanding_requests", kind="ip"))
    )

    group = engine.one(GROUP)
    assert group["loadBalancingAlgorithmType"] == "least_outstanding_requests"
    assert group["targetType"] == "ip"


def test_a_leaving_copy_finishes_and_a_new_one_starts_slowly(engine: Engine) -> None:
    engine.build(lambda: TargetGroup("api", replace(ARGS, deregistration_delay=120, slow_start=30)))

    group = engine.one(GROUP)
    assert (group["deregistrationDelay"], group["slowStart"]) == (120, 30)
