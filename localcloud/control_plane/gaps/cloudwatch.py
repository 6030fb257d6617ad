"""CloudWatch: alarms made of other alarms; moto has room for them but no way to make one."""

from typing import Any

from moto.cloudwatch.models import Alarm
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from localcloud.control_plane.gaps.mending import adds


@adds(CloudWatchResponse)
def put_composite_alarm(self: Any) -> ActionResult:
    return self.put_metric_alarm()


# DescribeAlarms calls it so for a composite alarm only.
Alarm.alarm_rule = property(lambda self: self.rule)  # type: ignore[attr-defined]
