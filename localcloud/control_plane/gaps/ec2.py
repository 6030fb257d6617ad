"""EC2: monitoring, maintenance options, launch templates' tags and rules' descriptions as given.

Moto can change none of the first two, drops maintenance options at launch, reports the tags of a
launch template itself among those for its instances, shows an interface without a public address
as having an empty one, and knows a security group rule's description only where its other end is
a range of addresses.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses import EC2Response
from moto.ec2.responses.dhcp_options import DHCPOptions
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.monitoring import Monitoring

from localcloud.control_plane.gaps.mending import Method, adds, mends


@mends(Monitoring, "monitor_instances")
def monitor(original: Method, self: Any) -> ActionResult:
    return _monitored(self, "enabled")


@mends(Monitoring, "unmonitor_instances")
def unmonitor(original: Method, self: Any) -> ActionResult:
    return _monitored(self, "disabled")


def _monitored(response: Any, state: str) -> ActionResult:
    monitored: list[dict[str, Any]] = []
    for identifier in response._get_param("InstanceIds", []):
        instance = response.ec2_backend.get_instance(identifier)
        instance.monitoring_state = state
        monitored.append({"InstanceId": identifier, "Monitoring": {"State": state}})
    return ActionResult({"InstanceMonitorings": monitored})


@mends(InstanceResponse, "run_instances")
def run_instances(original: Method, self: Any) -> ActionResult:
    answer = original(self)
    recovery = self._get_param("MaintenanceOptions.AutoRecovery") or "default"
    for instance in answer.result.instances:
        instance.maintenance_options = {"AutoRecovery": recovery}
    return answer


@adds(EC2Response)
def modify_instance_maintenance_options(self: Any) -> ActionResult:
    instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
    recovery = self._get_param("AutoRecovery")
    instance.maintenance_options = {"AutoRecovery": recovery}
    return ActionResult({"InstanceId": instance.id, "AutoRecovery": recovery})


@mends(DHCPOptions, "create_dhcp_options")
def create_dhcp_options(original: Method, self: Any) -> ActionResult:
    """Moto drops the tags of these alone."""
    answer = original(self)
    tags = self._parse_tag_specification().get("dhcp-options", {})
    answer.result["DhcpOptions"].add_tags(tags)
    return answer


@mends(EC2Backend, "create_launch_template")
def create_launch_template(
    original: Method, self: Any, name: str, description: str, data: dict[str, Any], tags: Any
) -> Any:
    given = data.get("TagSpecifications", [])
    for_instances = [tag for tag in given if tag["ResourceType"] != "launch-template"]
    data.pop("TagSpecifications", None)
    if for_instances:
        data["TagSpecifications"] = for_instances
    return original(self, name, description, data, tags)


@mends(SecurityGroupRule, "__init__")
def new_rule(
    original: Method,
    self: Any,
    backend: Any,
    protocol: str,
    group: str,
    from_port: Any,
    to_port: Any,
    ip_range: Any,
    source_group: Any = None,
    prefix_list: Any = None,
    **kwargs: Any,
) -> None:
    ends = (ip_range, source_group, prefix_list)
    original(self, backend, protocol, group, from_port, to_port, *ends, **kwargs)
    given = next((end["Description"] for end in ends if end and "Description" in end), None)
    if given is not None:
        # Where moto looks for it, and where a change of the description goes.
        self.ip_range["Description"] = given


_association: Any = NetworkInterface.__dict__["association"]


def association(self: NetworkInterface) -> dict[str, Any] | None:
    """Absent without a public address: an empty one reads as having one."""
    return _association.fget(self) or None


NetworkInterface.association = property(association)  # type: ignore[assignment, method-assign]
