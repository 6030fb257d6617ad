from policies.kinds import DATABASE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-multi-az",
    on=DATABASE,
    severity=Severity.MEDIUM,
    controls=("FSBP RDS.5", "CIS-5.0 2.2.4", "CIS-7.0 3.2.4"),
    protects_from="an outage as long as a restore when one availability zone or host fails",
    fix="set multi_az=True.",
    only_in_production=True,
)
def rds_multi_az(props: Props) -> Findings:
    """A production database has a standby in another zone."""
    if not props.get("replicateSourceDb") and props.get("multiAz") is not True:
        yield "The instance lives in a single zone."
