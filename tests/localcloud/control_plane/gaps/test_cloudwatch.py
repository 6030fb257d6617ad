from collections.abc import Callable
from typing import Any

Client = Callable[[str], Any]


def test_an_alarm_may_be_made_of_others(client: Client) -> None:
    watch = client("cloudwatch")

    watch.put_composite_alarm(AlarmName="platform", AlarmRule="ALARM(errors)")

    shown = watch.describe_alarms(AlarmNames=["platform"], AlarmTypes=["CompositeAlarm"])
    (alarm,) = shown["CompositeAlarms"]
    assert alarm["AlarmRule"] == "ALARM(errors)"
    watch.delete_alarms(AlarmNames=["platform"])
    assert watch.describe_alarms(AlarmNames=["platform"])["CompositeAlarms"] == []
