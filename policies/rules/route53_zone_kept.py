from policies.inputs import yes
from policies.kinds import ZONE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "route53-zone-kept",
    on=ZONE,
    severity=Severity.HIGH,
    protects_from="an outage of every service and of all mail of the domain",
    fix="leave force_destroy off.",
    only_in_production=True,
)
def route53_zone_kept(props: Props) -> Findings:
    """A production zone with names in it cannot be deleted."""
    if yes(props, "forceDestroy"):
        yield "Deleting the zone deletes its names."
