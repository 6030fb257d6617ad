from policies.inputs import text
from policies.kinds import ALARM
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "cloudwatch-alarm-is-explained",
    on=ALARM,
    severity=Severity.LOW,
    protects_from="someone being woken who does not know what to do",
    fix="set alarm_description to what it means and what to do.",
)
def cloudwatch_alarm_is_explained(props: Props) -> Findings:
    """An alarm says what it means."""
    if not text(props, "alarmDescription"):
        yield "The alarm has no description."
