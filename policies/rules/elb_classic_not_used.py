from policies.inputs import text
from policies.kinds import CLASSIC_LOAD_BALANCER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "elb-classic-not-used",
    on=CLASSIC_LOAD_BALANCER,
    severity=Severity.LOW,
    controls=(
        "FSBP ELB.2",
        "FSBP ELB.3",
        "FSBP ELB.7",
        "FSBP ELB.9",
        "FSBP ELB.10",
        "FSBP ELB.14",
    ),
    protects_from="a load balancer without HTTP/2, rules by path, and web application firewall",
    fix="use aws.lb.LoadBalancer, listeners and target groups.",
)
def elb_classic_not_used(props: Props) -> Findings:
    """No load balancer is of the classic kind."""
    yield f"{text(props, 'name') or 'This'} is a classic load balancer."
