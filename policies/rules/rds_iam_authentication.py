from policies.inputs import yes
from policies.kinds import DATABASE, DATABASE_CLUSTER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-iam-authentication",
    on=(*DATABASE, *DATABASE_CLUSTER),
    severity=Severity.MEDIUM,
    controls=(
        "FSBP RDS.10",
        "FSBP RDS.12",
    ),
    protects_from="a password that keeps working after it has leaked",
    fix="set iam_database_authentication_enabled=True.",
    off_because=(
        "each application role has a secret of its own; logins by IAM are limited to 200 new "
        "ones a second"
    ),
)
def rds_iam_authentication(props: Props) -> Findings:
    """A database lets roles log in without a password."""
    if not yes(props, "iamDatabaseAuthenticationEnabled"):
        yield "The database knows passwords only."
