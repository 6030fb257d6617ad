from policies.inputs import values
from policies.kinds import LOAD_BALANCER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "elb-several-zones",
    on=LOAD_BALANCER,
    severity=Severity.MEDIUM,
    controls=("FSBP ELB.13",),
    protects_from="an outage when one availability zone fails",
    fix="give it subnets in at least two zones.",
)
def elb_several_zones(props: Props) -> Findings:
    """A load balancer stands in at least two zones."""
    if max(len(values(props, "subnets")), len(values(props, "subnetMappings"))) < 2:
        yield "The load balancer stands in a single zone."
