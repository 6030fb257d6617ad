from policies.inputs import text
from policies.kinds import INSTANCE
from policies.rule import Findings, Props, Severity, resource_rule

PARAVIRTUAL = ("c1", "c3", "m1", "m2", "m3", "t1")


@resource_rule(
    "ec2-instance-not-paravirtual",
    on=INSTANCE,
    severity=Severity.MEDIUM,
    controls=("FSBP EC2.24",),
    protects_from="hosts without the isolation, speed and patches of current hardware",
    fix="choose a current instance type, such as t4g or m7g.",
)
def ec2_instance_not_paravirtual(props: Props) -> Findings:
    """A host is of a current (hardware-virtualised) type."""
    if text(props, "instanceType").partition(".")[0] in PARAVIRTUAL:
        yield "The instance type is a paravirtual one."
