from policies.kinds import LOAD_BALANCER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "elb-desync-mitigated",
    on=LOAD_BALANCER,
    severity=Severity.MEDIUM,
    controls=("FSBP ELB.12",),
    protects_from="request smuggling past the load balancer",
    fix='leave desync_mitigation_mode at "defensive", or set "strictest".',
)
def elb_desync_mitigated(props: Props) -> Findings:
    """Ambiguous requests are not passed on as they came."""
    if props.get("desyncMitigationMode") == "monitor":
        yield "Ambiguous requests are only counted."
