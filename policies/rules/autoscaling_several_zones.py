from policies.inputs import values
from policies.kinds import AUTO_SCALING_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "autoscaling-several-zones",
    on=AUTO_SCALING_GROUP,
    severity=Severity.MEDIUM,
    controls=("FSBP AutoScaling.2",),
    protects_from="an outage when one availability zone fails",
    fix="give vpc_zone_identifiers of at least two zones.",
    only_in_production=True,
)
def autoscaling_several_zones(props: Props) -> Findings:
    """A group spans at least two availability zones."""
    if max(len(values(props, "vpcZoneIdentifiers")), len(values(props, "availabilityZones"))) < 2:
        yield "The group lives in a single zone."
