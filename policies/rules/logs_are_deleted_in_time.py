from policies.inputs import number
from policies.kinds import LOG_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "logs-are-deleted-in-time",
    on=LOG_GROUP,
    severity=Severity.MEDIUM,
    protects_from="paying for ever, and keeping personal data longer than the law allows",
    fix="set retention_in_days.",
)
def logs_are_deleted_in_time(props: Props) -> Findings:
    """A log group says how long it keeps its logs."""
    if number(props, "retentionInDays") == 0:
        yield "Logs are kept for ever."
