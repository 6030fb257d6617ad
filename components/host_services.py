"""What runs on a host: an application's services, and what the clock starts of them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hosts.roles.java_service import JavaService, java_service
from hosts.roles.node_runtime import NodeRuntime, PinnedArchive, Pm2Runtime
from hosts.roles.node_service import NodeService, node_service
from hosts.roles.pm2_service import Pm2Service, pm2_service
from hosts.roles.schedule import Schedule, calendar_event, schedule
from hosts.roles.service import SecretSource
from hosts.roles.service import Service as HostService
from hosts.steps import Role
from settings.application import Container, Java, Node, Pm2, Service
from settings.stack import RuntimeArchive
from settings.tree import Settings

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


def service_role(
    settings: Settings,
    application: str,
    service: str,
    shape: Service,
    architecture: str,
    facts: Mapping[str, Any],
) -> Role:
    placed = settings.placed(application)
    on_host = replace(
        _on_host(application, service, shape, facts),
        files=shape.files,
        colours=settings.applications[application].colours(service),
    )
    match shape.runtime:
        case Pm2() as runtime:
            zone = settings.stack.time_zone
            return pm2_service(
                Pm2Service(
                    service=_unlimited(on_host),
                    node=_node(settings, runtime.node, architecture),
                    pm2=Pm2Runtime(archive=_archive(settings, "pm2", architecture)),
                    script=runtime.start,
                    arguments=runtime.arguments,
                    mode=runtime.mode,
                    instances=runtime.instances,
                    process_memory_limit=runtime.memory_limit,
                    restart_at=(
                        calendar_event(runtime.restart_at, zone) if runtime.restart_at else None
                    ),
                )
            )
        case Node() as runtime:
            return node_service(
                NodeService(
                    service=on_host,
                    runtime=_node(settings, runtime.node, architecture),
                    script=runtime.start,
                    arguments=runtime.arguments,
                )
            )
        case Java() as runtime:
            return java_service(
                JavaService(
                    service=on_host,
                    jar=runtime.start,
                    heap=settings.heap(application, service) or runtime.heap,
                    heap_start=None if service in placed.heap else runtime.heap_start,
                    options=runtime.options,
                )
            )
        case Container():
            raise ValueError(f"{application}.{service}: the settings let a container onto a host")


def _on_host(
    application: str, service: str, shape: Service, facts: Mapping[str, Any]
) -> HostService:
    told = facts[f"{application}-{service}"]
    return HostService(
        application=application,
        name=service,
        environment=told["environment"],
        secrets={name: SecretSource(**source) for name, source in told["secrets"].items()},
        writable=tuple(f"/var/lib/{application}-{service}/{path}" for path in shape.writable),
        memory_limit=getattr(shape.runtime, "memory_limit", None),
        start_seconds=shape.startup_seconds,
        stop_seconds=shape.stop_seconds,
    )


def schedules(
    settings: Settings,
    application: str,
    service: str,
    shape: Service,
    architecture: str,
    facts: Mapping[str, Any],
) -> Iterator[Role]:
    """What the clock starts of a service's release, with the service's variables and secrets."""
    node = node_runtime(settings, shape, architecture)
    path = command_path(node)
    on_host = _on_host(application, service, shape, facts)
    for name, wanted in settings.applications[application].schedules.items():
        if wanted.service == service:
            yield schedule(
                Schedule(
                    service=replace(on_host, environment={**on_host.environment, "PATH": path}),
                    name=name,
                    at=calendar_event(wanted.at, settings.stack.time_zone),
                    command=wanted.command,
                )
            )


def _unlimited(service: HostService) -> HostService:
    """PM2's limit is of each process, and PM2 keeps it; the unit's would be of all together."""
    return replace(service, memory_limit=None)


def node_runtime(settings: Settings, shape: Service, architecture: str) -> NodeRuntime | None:
    """What a service of Node runs on; None for others."""
    if not isinstance(shape.runtime, Pm2 | Node):
        return None
    return _node(settings, shape.runtime.node, architecture)


def command_path(node: NodeRuntime | None) -> str:
    """PATH of a command of a service's release."""
    return f"{node.executable.rpartition('/')[0]}:{SYSTEM_PATH}" if node else SYSTEM_PATH


def _node(settings: Settings, major: int, architecture: str) -> NodeRuntime:
    if f"node-{major}" not in settings.stack.runtimes:
        return NodeRuntime(major=major)
    return NodeRuntime(major=major, archive=_archive(settings, f"node-{major}", architecture))


def _archive(settings: Settings, name: str, architecture: str) -> PinnedArchive:
    packed: RuntimeArchive = settings.stack.runtimes[name]
    return PinnedArchive(
        bucket=settings.stack.artifacts,
        key=f"runtimes/{name.split('-')[0]}-{packed.version}-{architecture}.tar.gz",
        sha256=packed.sha256["arm64" if architecture == "arm64" else "x86_64"],
        version=packed.version,
    )
