"""ELBv2: targets are as healthy as they were observed to be; moto calls every target healthy."""

from typing import Any

from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup

from localcloud.control_plane.gaps.mending import Method, mends

# The API's own words for a state (API reference, TargetHealth).
REASONS = {
    "initial": ("Elb.RegistrationInProgress", "Target registration is in progress"),
    "unhealthy": ("Target.FailedHealthChecks", "Health checks failed"),
    "unused": ("Target.NotInUse", "Target group is not configured to receive traffic"),
    "draining": ("Target.DeregistrationInProgress", "Target deregistration is in progress"),
    "unavailable": ("Target.HealthCheckDisabled", "Health checks are not enabled"),
}


@mends(FakeTargetGroup, "__init__")
def new_target_group(original: Method, self: Any, *args: Any, **kwargs: Any) -> None:
    original(self, *args, **kwargs)
    self.observed_health = {}


@mends(FakeTargetGroup, "health_for")
def health_for(original: Method, self: Any, target: dict[str, Any], ec2_backend: Any) -> Any:
    said = original(self, target, ec2_backend)
    observed = self.observed_health.get(f"{said.instance_id}:{said.port}")
    if observed is None or target["Id"] not in self.targets:
        return said
    state, description = observed
    reason, usual = REASONS.get(state, (None, None))
    return FakeHealthStatus(
        said.instance_id, said.port, said.health_check_port, state, reason, description or usual
    )
