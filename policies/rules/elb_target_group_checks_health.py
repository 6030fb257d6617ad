from policies.inputs import block
from policies.kinds import TARGET_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "elb-target-group-checks-health",
    on=TARGET_GROUP,
    severity=Severity.LOW,
    protects_from="requests being sent to what no longer answers",
    fix="leave health_check enabled.",
)
def elb_target_group_checks_health(props: Props) -> Findings:
    """A target group checks the health of its targets."""
    if block(props, "healthCheck").get("enabled") is False:
        yield "The target group does not check its targets."
