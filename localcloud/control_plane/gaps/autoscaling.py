"""Auto Scaling: a policy is enabled, and predicts only if it was given how."""

from typing import Any

from moto.autoscaling.models import FakeScalingPolicy

from localcloud.control_plane.gaps.mending import Method, mends


@mends(FakeScalingPolicy, "__init__")
def new_policy(original: Method, self: Any, *args: Any, **kwargs: Any) -> None:
    original(self, *args, **kwargs)
    self.enabled = True
    self.predictive_scaling_configuration = self.predictive_scaling_configuration or None
