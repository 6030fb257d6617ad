"""EC2: monitoring of an instance can be turned on and off; moto knows it at launch only."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.monitoring import Monitoring

from localcloud.control_plane.gaps.mending import Method, mends


@mends(Monitoring, "monitor_instances")
def monitor(original: Method, self: Any) -> ActionResult:
    return _set(self, "enabled")


@mends(Monitoring, "unmonitor_instances")
def unmonitor(original: Method, self: Any) -> ActionResult:
    return _set(self, "disabled")


def _set(response: Any, state: str) -> ActionResult:
    monitored: list[dict[str, Any]] = []
    for identifier in response._get_param("InstanceIds", []):
        instance = response.ec2_backend.get_instance(identifier)
        instance.monitoring_state = state
        monitored.append({"InstanceId": identifier, "Monitoring": {"State": state}})
    return ActionResult({"InstanceMonitorings": monitored})
