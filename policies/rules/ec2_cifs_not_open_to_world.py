from policies.kinds import OPENINGS
from policies.openings import openings
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-cifs-not-open-to-world",
    on=OPENINGS,
    severity=Severity.CRITICAL,
    controls=(
        "CIS-5.0 5.1.2",
        "CIS-7.0 6.1.2",
    ),
    protects_from="worms and theft through file sharing",
    fix="allow port 445 from named address ranges or groups only.",
)
def ec2_cifs_not_open_to_world(props: Props) -> Findings:
    """Windows file sharing is not reachable from the whole internet."""
    for opening in openings(props):
        if opening.to_world() and opening.includes(445):
            yield f"File sharing is open to the world ({opening.ports()})."
