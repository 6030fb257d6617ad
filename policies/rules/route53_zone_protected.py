from pulumi_policy import ResourceValidationArgs

from policies.inputs import blocks
from policies.kinds import ZONE
from policies.rule import Findings, Severity, options_rule


@options_rule(
    "route53-zone-protected",
    on=ZONE,
    severity=Severity.HIGH,
    protects_from="new name servers, and an outage for as long as the delegation is cached",
    fix="pass ResourceOptions(protect=True).",
    only_in_production=True,
)
def route53_zone_protected(resource: ResourceValidationArgs) -> Findings:
    """A production zone cannot be deleted by mistake through Pulumi."""
    if not resource.opts.protect and not blocks(resource.props, "vpcs"):
        yield "The zone is not protected."
