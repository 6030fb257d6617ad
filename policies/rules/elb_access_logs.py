from policies.inputs import block, yes
from policies.kinds import LOAD_BALANCER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "elb-access-logs",
    on=LOAD_BALANCER,
    severity=Severity.MEDIUM,
    controls=(
        "FSBP ELB.5",
        "CIS-7.0 4.10",
    ),
    protects_from="an attack of which no request can be looked up afterwards",
    fix="set access_logs with a bucket and enabled=True.",
    only_in_production=True,
)
def elb_access_logs(props: Props) -> Findings:
    """A load balancer records its requests."""
    if not yes(block(props, "accessLogs"), "enabled"):
        yield "The load balancer keeps no access log."
