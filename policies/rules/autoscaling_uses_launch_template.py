from policies.inputs import text
from policies.kinds import AUTO_SCALING_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "autoscaling-uses-launch-template",
    on=AUTO_SCALING_GROUP,
    severity=Severity.MEDIUM,
    controls=("FSBP AutoScaling.9",),
    protects_from="hosts without current metadata, disk and network settings",
    fix="use launch_template.",
)
def autoscaling_uses_launch_template(props: Props) -> Findings:
    """A group starts its hosts from a launch template."""
    if text(props, "launchConfiguration"):
        yield "The group uses a launch configuration, which AWS no longer develops."
