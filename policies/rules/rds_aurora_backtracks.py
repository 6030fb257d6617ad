from policies.inputs import number, text
from policies.kinds import DATABASE_CLUSTER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-aurora-backtracks",
    on=DATABASE_CLUSTER,
    severity=Severity.MEDIUM,
    controls=("FSBP RDS.14",),
    protects_from="hours of restoring after one wrong statement",
    fix="set backtrack_window to a number of seconds, up to 259200.",
    only_in_production=True,
)
def rds_aurora_backtracks(props: Props) -> Findings:
    """An Aurora MySQL cluster can be wound back."""
    if text(props, "engine") == "aurora-mysql" and number(props, "backtrackWindow") == 0:
        yield "The cluster cannot be wound back."
