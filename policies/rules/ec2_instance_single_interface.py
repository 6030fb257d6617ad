from policies.inputs import blocks
from policies.kinds import INSTANCE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-instance-single-interface",
    on=INSTANCE,
    severity=Severity.LOW,
    controls=("FSBP EC2.17",),
    protects_from="a host that joins two networks which were meant to be apart",
    fix="attach one network interface.",
)
def ec2_instance_single_interface(props: Props) -> Findings:
    """A host stands in one network."""
    if len(blocks(props, "networkInterfaces")) > 1:
        yield "The instance has several network interfaces."
