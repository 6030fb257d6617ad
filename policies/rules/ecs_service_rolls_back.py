from policies.inputs import block, yes
from policies.kinds import ECS_SERVICE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecs-service-rolls-back",
    on=ECS_SERVICE,
    severity=Severity.MEDIUM,
    protects_from="a release that never becomes healthy being retried for hours",
    fix="set deployment_circuit_breaker with enable=True and rollback=True.",
    only_in_production=True,
)
def ecs_service_rolls_back(props: Props) -> Findings:
    """A service whose new version does not start goes back to the old one."""
    breaker = block(props, "deploymentCircuitBreaker")
    by_controller = block(props, "deploymentController").get("type") in ("CODE_DEPLOY", "EXTERNAL")
    if not by_controller and not (yes(breaker, "enable") and yes(breaker, "rollback")):
        yield "The service does not roll back by itself."
