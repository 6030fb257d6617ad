from policies.inputs import yes
from policies.kinds import LOAD_BALANCER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "elb-deletion-protected",
    on=LOAD_BALANCER,
    severity=Severity.MEDIUM,
    controls=("FSBP ELB.6",),
    protects_from="an outage until a new address has reached every DNS cache",
    fix="set enable_deletion_protection=True.",
    only_in_production=True,
)
def elb_deletion_protected(props: Props) -> Findings:
    """A load balancer cannot be deleted by mistake."""
    if not yes(props, "enableDeletionProtection"):
        yield "The load balancer can be deleted by one call."
