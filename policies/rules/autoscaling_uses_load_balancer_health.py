from policies.inputs import values
from policies.kinds import AUTO_SCALING_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "autoscaling-uses-load-balancer-health",
    on=AUTO_SCALING_GROUP,
    severity=Severity.LOW,
    controls=("FSBP AutoScaling.1",),
    protects_from="hosts that answer errors being kept because they still run",
    fix='set health_check_type="ELB".',
)
def autoscaling_uses_load_balancer_health(props: Props) -> Findings:
    """A group behind a load balancer replaces what the load balancer finds unhealthy."""
    behind = ("targetGroupArns", "loadBalancers", "trafficSources")
    if any(values(props, key) for key in behind) and props.get("healthCheckType") != "ELB":
        yield "The group looks only at whether the machine runs."
