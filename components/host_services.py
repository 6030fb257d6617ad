"""What runs on a host: an application's services, and what the clock starts of them."""

from collections.abc import Iterator
from dataclasses import replace

from components.host_facts import Variables
from components.host_runtimes import Runtimes
from hosts.roles.java_service import JavaService, java_service
from hosts.roles.node_service import NodeService, node_service
from hosts.roles.pm2_service import Pm2Service, pm2_service
from hosts.roles.schedule import Schedule, calendar_event, schedule
from hosts.roles.service import Service as HostService
from hosts.steps import Role
from settings.application import Container, Java, Node, Pm2, Service
from settings.part import Part
from settings.tree import Settings


def service_role(
    settings: Settings, service: Part[Service], variables: Variables, runtimes: Runtimes
) -> Role:
    application, shape = service.application, service.shape
    on_host = replace(
        _on_host(service, variables),
        files=shape.files,
        colours=application.colours(service.name),
    )
    match shape.runtime:
        case Pm2() as runtime:
            zone = settings.stack.time_zone
            return pm2_service(
                Pm2Service(
                    service=_unlimited(on_host),
                    node=runtimes.node(runtime.node),
                    pm2=runtimes.pm2,
                    script=runtime.start,
                    arguments=runtime.arguments,
                    mode=runtime.mode,
                    instances=runtime.instances,
                    process_memory_limit=runtime.memory_limit,
                    keep_log_days=application.logs.keep_days,
                    restart_at=(
                        calendar_event(runtime.restart_at, zone) if runtime.restart_at else None
                    ),
                )
            )
        case Node() as runtime:
            return node_service(
                NodeService(
                    service=on_host,
                    runtime=runtimes.node(runtime.node),
                    script=runtime.start,
                    arguments=runtime.arguments,
                )
            )
        case Java() as runtime:
            placed = settings.placed(application.name)
            return java_service(
                JavaService(
                    service=on_host,
                    jar=runtime.start,
                    heap=settings.heap(application.name, service.name) or runtime.heap,
                    heap_start=None if service.name in placed.heap else runtime.heap_start,
                    options=runtime.options,
                )
            )
        case Container():
            raise ValueError(f"{service.place}: the settings let a container onto a host")


def schedules(
    settings: Settings, service: Part[Service], variables: Variables, runtimes: Runtimes
) -> Iterator[Role]:
    """What the clock starts of a service's release, with the service's variables and secrets."""
    on_host = _on_host(service, variables)
    path = runtimes.command_path(service.shape)
    for name, wanted in service.application.schedules.items():
        if wanted.service == service.name:
            yield schedule(
                Schedule(
                    service=replace(on_host, environment={**on_host.environment, "PATH": path}),
                    name=name,
                    at=calendar_event(wanted.at, settings.stack.time_zone),
                    command=wanted.command,
                )
            )


def _on_host(service: Part[Service], variables: Variables) -> HostService:
    shape = service.shape
    return HostService(
        application=service.application.name,
        name=service.name,
        environment=variables.environment,
        secrets=variables.secrets,
        writable=tuple(f"/var/lib/{service.key}/{path}" for path in shape.writable),
        memory_limit=getattr(shape.runtime, "memory_limit", None),
        start_seconds=shape.startup_seconds,
        stop_seconds=shape.stop_seconds,
    )


def _unlimited(service: HostService) -> HostService:
    """PM2's limit is of each process, and PM2 keeps it; the unit's would be of all together."""
    return replace(service, memory_limit=None)
