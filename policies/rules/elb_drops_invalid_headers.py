from policies.inputs import yes
from policies.kinds import LOAD_BALANCER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "elb-drops-invalid-headers",
    on=LOAD_BALANCER,
    severity=Severity.MEDIUM,
    controls=("FSBP ELB.4",),
    protects_from="request smuggling past the load balancer",
    fix="set drop_invalid_header_fields=True.",
)
def elb_drops_invalid_headers(props: Props) -> Findings:
    """An application load balancer drops malformed headers."""
    if _is_application(props) and not yes(props, "dropInvalidHeaderFields"):
        yield "Malformed headers are passed on."


def _is_application(props: Props) -> bool:
    return props.get("loadBalancerType") in (None, "application")
