from policies.kinds import OPENINGS
from policies.openings import openings
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-ssh-not-open-to-world",
    on=OPENINGS,
    severity=Severity.CRITICAL,
    controls=("FSBP EC2.13", "CIS-5.0 5.3", "CIS-5.0 5.4", "CIS-7.0 6.3", "CIS-7.0 6.4"),
    protects_from="password guessing and exploits of sshd from anywhere",
    fix="name the administrators' address ranges, or use Session Manager.",
)
def ec2_ssh_not_open_to_world(props: Props) -> Findings:
    """SSH is not reachable from the whole internet."""
    for opening in openings(props):
        if opening.to_world() and opening.includes(22):
            yield f"SSH is open to the world ({opening.ports()})."
