from policies.kinds import OPENINGS
from policies.openings import openings
from policies.rule import Findings, Props, Severity, resource_rule

# PostgreSQL, MySQL, Redis, MinIO and its console, MongoDB.
DATA_PORTS = (5432, 3306, 6379, 9000, 9001, 27017)


@resource_rule(
    "ec2-data-ports-only-by-group",
    on=OPENINGS,
    severity=Severity.HIGH,
    protects_from="whoever enters one corner of the network reaching every database and cache",
    fix="refer to the clients' security groups instead of address ranges.",
)
def ec2_data_ports_only_by_group(props: Props) -> Findings:
    """Databases, caches and stores let in security groups, never address ranges."""
    for opening in openings(props):
        exposed = [port for port in DATA_PORTS if opening.includes(port)]
        if opening.cidrs and exposed:
            yield f"An address range may reach {', '.join(map(str, exposed))}."
