from policies.inputs import block, blocks
from policies.kinds import AUTO_SCALING_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "autoscaling-several-types",
    on=AUTO_SCALING_GROUP,
    severity=Severity.MEDIUM,
    controls=("FSBP AutoScaling.6",),
    protects_from="a zone that has run out of one instance type",
    fix="set mixed_instances_policy with at least two overrides.",
    off_because=(
        "a host's memory settings and capacity figures are made for the one type its pool names"
    ),
)
def autoscaling_several_types(props: Props) -> Findings:
    """A group can start more than one type of instance."""
    template = block(block(props, "mixedInstancesPolicy"), "launchTemplate")
    if len(blocks(template, "overrides")) < 2:
        yield "The group knows a single instance type."
