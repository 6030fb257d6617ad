"""Node as one systemd service: a web server, or with no port a worker of a queue."""

from dataclasses import dataclass

from hosts.roles.node_runtime import NodeRuntime
from hosts.roles.service import Service, service_role
from hosts.steps import Role


@dataclass(frozen=True, kw_only=True)
class NodeService:
    service: Service
    runtime: NodeRuntime
    script: str
    """Relative to the service's part of the release."""
    arguments: tuple[str, ...] = ()


def node_service(wanted: NodeService) -> Role:
    """Told to stop by SIGTERM, and given its time: a worker finishes or returns its jobs."""
    unit = wanted.service.unit_file(
        start=(wanted.runtime.executable, wanted.script, *wanted.arguments),
        # Node ends by itself once it has nothing left to do, or dies of SIGTERM where it has no
        # handler: both are a stop, not a failure.
        success_status=(143,),
    )
    return service_role(wanted.service, unit, install=wanted.runtime.steps())
