from policies.inputs import blocks
from policies.kinds import DISTRIBUTION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "cloudfront-origin-fails-over",
    on=DISTRIBUTION,
    severity=Severity.LOW,
    controls=("FSBP CloudFront.4",),
    protects_from="an outage while the only origin is down",
    fix="add an origin_groups entry with two origins.",
    off_because=(
        "an application has one load balancer in two zones; a second origin would be a second"
        " region"
    ),
)
def cloudfront_origin_fails_over(props: Props) -> Findings:
    """A distribution has a second origin for when the first fails."""
    if not blocks(props, "originGroups"):
        yield "The distribution has no origin group."
