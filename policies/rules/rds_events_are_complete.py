from policies.inputs import text, texts
from policies.kinds import DATABASE_EVENTS
from policies.rule import Findings, Props, Severity, resource_rule

CRITICAL = {
    "db-cluster": {"maintenance", "failure"},
    "db-instance": {"maintenance", "configuration change", "failure"},
    "db-parameter-group": {"configuration change"},
    "db-security-group": {"configuration change", "failure"},
}


@resource_rule(
    "rds-events-are-complete",
    on=DATABASE_EVENTS,
    severity=Severity.LOW,
    controls=(
        "FSBP RDS.19",
        "FSBP RDS.20",
    ),
    protects_from="a failing database of which no one is told",
    fix="add the categories, or leave event_categories out to hear of everything.",
)
def rds_events_are_complete(props: Props) -> Findings:
    """A subscription to database events hears of failures and maintenance."""
    heard = set(texts(props, "eventCategories"))
    missing = sorted(CRITICAL.get(text(props, "sourceType"), set()) - heard)
    if heard and missing:
        yield f"The subscription leaves out {', '.join(missing)}."
    if props.get("enabled") is False:
        yield "The subscription is switched off."
