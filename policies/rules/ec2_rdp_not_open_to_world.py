from policies.kinds import OPENINGS
from policies.openings import openings
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-rdp-not-open-to-world",
    on=OPENINGS,
    severity=Severity.CRITICAL,
    controls=(
        "FSBP EC2.14",
        "CIS-5.0 5.3",
        "CIS-5.0 5.4",
        "CIS-7.0 6.3",
        "CIS-7.0 6.4",
    ),
    protects_from="password guessing and exploits of Remote Desktop from anywhere",
    fix="name the administrators' address ranges, or use Session Manager.",
)
def ec2_rdp_not_open_to_world(props: Props) -> Findings:
    """Remote Desktop is not reachable from the whole internet."""
    for opening in openings(props):
        if opening.to_world() and opening.includes(3389):
            yield f"Remote Desktop is open to the world ({opening.ports()})."
