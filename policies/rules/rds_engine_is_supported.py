from datetime import UTC, datetime

from policies.end_of_support import ended
from policies.inputs import text
from policies.kinds import DATABASE, REPLICATION_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-engine-is-supported",
    on=(*DATABASE, *REPLICATION_GROUP),
    severity=Severity.MEDIUM,
    protects_from=(
        "holes that are no longer closed, extended support fees, and upgrades on a day AWS picks"
    ),
    fix="upgrade to a version listed as supported; rehearse it on a restored copy first.",
)
def rds_engine_is_supported(props: Props) -> Findings:
    """An engine version is still supported by AWS."""
    engine, version = text(props, "engine") or "redis", text(props, "engineVersion")
    end = ended(engine, version, datetime.now(UTC).date())
    if end:
        yield f"Standard support of {engine} {version} ended on {end}."
