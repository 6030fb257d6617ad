"""CloudWatch Logs: saved queries, which moto does not have."""

import json
import uuid
from typing import Any

from moto.core.utils import unix_time_millis
from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse

from localcloud.control_plane.gaps.mending import Method, adds, mends


@mends(LogsBackend, "__init__")
def new_backend(original: Method, self: Any, *args: Any, **kwargs: Any) -> None:
    original(self, *args, **kwargs)
    self.query_definitions = {}


@adds(LogsResponse)
def put_query_definition(self: Any) -> str:
    identifier = self._get_param("queryDefinitionId") or str(uuid.uuid4())
    self.logs_backend.query_definitions[identifier] = {
        "queryDefinitionId": identifier,
        "name": self._get_param("name"),
        "queryString": self._get_param("queryString"),
        "logGroupNames": self._get_param("logGroupNames") or [],
        "lastModified": int(unix_time_millis()),
    }
    return json.dumps({"queryDefinitionId": identifier})


@adds(LogsResponse)
def describe_query_definitions(self: Any) -> str:
    prefix = self._get_param("queryDefinitionNamePrefix") or ""
    kept = self.logs_backend.query_definitions.values()
    return json.dumps({"queryDefinitions": [q for q in kept if q["name"].startswith(prefix)]})


@adds(LogsResponse)
def delete_query_definition(self: Any) -> str:
    identifier = self._get_param("queryDefinitionId")
    if self.logs_backend.query_definitions.pop(identifier, None) is None:
        raise ResourceNotFoundException("The specified query definition does not exist.")
    return json.dumps({"success": True})
