from policies.inputs import values
from policies.kinds import ALARM
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "cloudwatch-alarm-tells-someone",
    on=ALARM,
    severity=Severity.HIGH,
    protects_from="an alarm that rings in an empty room",
    fix="set alarm_actions to a topic, and leave actions_enabled on.",
)
def cloudwatch_alarm_tells_someone(props: Props) -> Findings:
    """An alarm reaches someone."""
    if not values(props, "alarmActions"):
        yield "The alarm has no action."
    if props.get("actionsEnabled") is False:
        yield "The alarm's actions are switched off."
