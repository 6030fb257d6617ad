from policies.kinds import OPENINGS
from policies.openings import openings
from policies.rule import Findings, Props, Severity, resource_rule

# The ports of control EC2.19, without SSH, RDP and CIFS, which have rules of their own.
RISKY = (
    20, 21, 23, 25, 110, 135, 143, 1433, 1434, 3000, 3306, 4333, 5000, 5432, 5500, 5601,
    8080, 8088, 8888, 9200, 9300,
)  # fmt: skip


@resource_rule(
    "ec2-risky-ports-not-open-to-world",
    on=OPENINGS,
    severity=Severity.CRITICAL,
    controls=("FSBP EC2.19",),
    protects_from="attacks on databases, consoles and plain-text protocols from anywhere",
    fix="allow the port from named groups or address ranges only.",
)
def ec2_risky_ports_not_open_to_world(props: Props) -> Findings:
    """No port of a database, console or plain-text protocol is open to the world."""
    for opening in openings(props):
        exposed = [port for port in RISKY if opening.includes(port)]
        if opening.to_world() and exposed:
            yield f"Open to the world: {', '.join(map(str, exposed))}."
