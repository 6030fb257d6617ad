from policies.inputs import text
from policies.kinds import DATABASE, DATABASE_CLUSTER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-owner-has-own-name",
    on=(*DATABASE, *DATABASE_CLUSTER),
    severity=Severity.MEDIUM,
    controls=(
        "FSBP RDS.24",
        "FSBP RDS.25",
    ),
    protects_from="half of the login being known to everyone who guesses",
    fix="set a username of your own (this replaces the instance).",
)
def rds_owner_has_own_name(props: Props) -> Findings:
    """The owner of a database does not have the engine's default name."""
    name = text(props, "username") or text(props, "masterUsername")
    if name.lower() in ("admin", "postgres", "root", "sa"):
        yield f"The owner is called {name}."
