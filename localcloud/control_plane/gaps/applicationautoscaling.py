"""Application Auto Scaling: a scalable target has tags, which moto does not know."""

import json
from typing import Any

from moto.applicationautoscaling.models import ApplicationAutoscalingBackend
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse

from localcloud.control_plane.gaps.mending import Method, adds, mends


@mends(ApplicationAutoscalingBackend, "__init__")
def new_backend(original: Method, self: Any, *args: Any, **kwargs: Any) -> None:
    original(self, *args, **kwargs)
    self.tags_by_arn = {}


def _tags(response: Any, arn: str) -> dict[str, str]:
    return response.applicationautoscaling_backend.tags_by_arn.setdefault(arn, {})


@mends(ApplicationAutoScalingResponse, "register_scalable_target")
def register_scalable_target(original: Method, self: Any) -> str:
    answer = original(self)
    _tags(self, json.loads(answer)["ScalableTargetARN"]).update(self._get_param("Tags") or {})
    return answer


@adds(ApplicationAutoScalingResponse)
def list_tags_for_resource(self: Any) -> str:
    return json.dumps({"Tags": _tags(self, self._get_param("ResourceARN"))})


@adds(ApplicationAutoScalingResponse)
def tag_resource(self: Any) -> str:
    _tags(self, self._get_param("ResourceARN")).update(self._get_param("Tags"))
    return "{}"


@adds(ApplicationAutoScalingResponse)
def untag_resource(self: Any) -> str:
    tags = _tags(self, self._get_param("ResourceARN"))
    for key in self._get_param("TagKeys"):
        tags.pop(key, None)
    return "{}"
