from pulumi_policy import PolicyResource

from policies.inputs import block
from policies.kinds import DISTRIBUTION, LOG_DELIVERY_SOURCE
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "cloudfront-logs",
    on=DISTRIBUTION,
    severity=Severity.MEDIUM,
    controls=(
        "FSBP CloudFront.5",
        "CIS-7.0 4.10",
    ),
    protects_from="an attack of which no request can be looked up afterwards",
    fix="set logging_config, or deliver its logs with a LogDeliverySource.",
    only_in_production=True,
)
def cloudfront_logs(distribution: PolicyResource, stack: Stack) -> Findings:
    """A distribution records its requests."""
    legacy = block(distribution.props, "loggingConfig")
    sources = stack.pointing_at(distribution, LOG_DELIVERY_SOURCE, by="resourceArn")
    if not legacy and not sources:
        yield "The distribution keeps no access log."
