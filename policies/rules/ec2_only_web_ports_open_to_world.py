from policies.kinds import OPENINGS
from policies.openings import openings
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-only-web-ports-open-to-world",
    on=OPENINGS,
    severity=Severity.HIGH,
    controls=("FSBP EC2.18",),
    protects_from="services that were never meant to be public being found by a scan",
    fix="open only 80 and 443 to the world, each by itself; name the sources of all else.",
)
def ec2_only_web_ports_open_to_world(props: Props) -> Findings:
    """Nothing but ports 80 and 443 is open to the world."""
    for opening in openings(props):
        if opening.to_world() and not (
            opening.first == opening.last and opening.first in (80, 443)
        ):
            yield f"Open to the world: {opening.ports()}."
