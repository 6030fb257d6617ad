"""ECS: a service keeps all it was given, and is steady at once.

Moto forgets the circuit breaker, capacity providers, grace period and more, and starts nothing, so
that a service would never be steady. No container runs here either: what is settled is the record.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ecs.models import Service
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.moto_api._internal import mock_random

from localcloud.control_plane.gaps.mending import Method, mends

KEPT = {
    "availabilityZoneRebalancing": "availability_zone_rebalancing",
    "capacityProviderStrategy": "capacity_provider_strategy",
    "deploymentConfiguration": "deployment_configuration",
    "enableECSManagedTags": "enable_ecs_managed_tags",
    "enableExecuteCommand": "enable_execute_command",
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
    "placementConstraints": "placement_constraints",
    "placementStrategy": "placement_strategy",
    "propagateTags": "propagate_tags",
}

Service.availability_zone_rebalancing = "DISABLED"  # type: ignore[attr-defined]


@mends(EC2ContainerServiceResponse, "create_service")
def create_service(original: Method, self: Any) -> ActionResult:
    return _kept(self, original(self))


@mends(EC2ContainerServiceResponse, "update_service")
def update_service(original: Method, self: Any) -> ActionResult:
    return _kept(self, original(self))


def _kept(response: Any, answer: Any) -> ActionResult:
    service = answer.result["service"]
    for parameter, field in KEPT.items():
        value = response._get_param(parameter)
        if value is not None:
            setattr(service, field, value)
    _settle(service)
    return answer


def _settle(service: Any) -> None:
    service.running_count, service.pending_count = service.desired_count, 0
    for deployment in service.deployments:
        if deployment["taskDefinition"] != service.task_definition:
            deployment["id"] = f"ecs-svc/{mock_random.randint(0, 32**12)}"
        deployment |= {
            "desiredCount": service.desired_count,
            "runningCount": service.desired_count,
            "pendingCount": 0,
            "rolloutState": "COMPLETED",
            "rolloutStateReason": f"ECS deployment {deployment['id']} completed.",
            "taskDefinition": service.task_definition,
            "updatedAt": utcnow(),
        }
