"""Whether all that may run at once fits its hosts and its servers."""

from collections.abc import Iterator
from typing import Literal

from settings import references
from settings.agreement.fault import Fault, StackCheck, must_be_known
from settings.application import Java, Node, Pm2, Service
from settings.instance_types import (
    GIB_OF_A_PROCESSOR,
    has_a_size,
    mbps_of,
    memory_of,
    processors_of,
)
from settings.model import bytes_of
from settings.part import Part
from settings.stack import EcsPlacement
from settings.tree import Settings


def _heaps_are_of_java(settings: Settings) -> Iterator[Fault]:
    for name, application in settings.applications.items():
        for service, heap in settings.placed(name).heap.items():
            key = f"applications.{name}.heap.{service}"
            yield from must_be_known(key, service, application.services, "services")
            if service in application.services and settings.heap(name, service) is None:
                yield key, heap, "must be absent: the service runs on no Java machine"


# What a machine needs beside its services, and a Java machine beside its heap (code, threads and
# buffers), in MiB.
SYSTEM_MEMORY = 512


BESIDE_A_HEAP = 256


def _heaps_begin_within_themselves(settings: Settings) -> Iterator[Fault]:
    for name, application in settings.applications.items():
        for service, shape in application.services.items():
            heap = settings.heap(name, service)
            if not isinstance(shape.runtime, Java) or heap is None:
                continue
            first = shape.runtime.heap_start
            if first is not None and bytes_of(first) > bytes_of(heap):
                key = f"applications.{name}.heap.{service}"
                yield key, heap, f"must be heap_start, {first}, or more: Java does not start"


def _memory_suffices(settings: Settings) -> Iterator[Fault]:
    """Everything that may be running on a host at once fits it, both colours of a release too."""
    for pool, size in settings.stack.pools.items():
        wanted = {
            service.place: memory
            for service in settings.services_on(pool)
            if (memory := _memory(settings, service, size.instance_type))
        }
        if not wanted or not has_a_size(size.instance_type):
            continue
        key, there = f"pools.{pool}.instance_type", memory_of(size.instance_type)
        needed = sum(wanted.values()) + SYSTEM_MEMORY
        what = ", ".join(f"{name} {memory} MiB" for name, memory in wanted.items())
        if there is None:
            families = ", ".join(GIB_OF_A_PROCESSOR)
            yield (
                key,
                size.instance_type,
                f"must be a type whose memory is known (t, {families} from generation 5 on), "
                f"since what runs there states its own: {what}",
            )
        elif there < needed:
            yield (
                key,
                f"{size.instance_type} with {there} MiB",
                f"must have {needed} MiB or more: {what}, the system {SYSTEM_MEMORY} MiB",
            )


def _memory(settings: Settings, service: Part[Service], instance_type: str) -> int:
    """MiB that a service may take on one host; 0 where it states no limit."""
    runtime = service.shape.runtime
    colours = 2 if service.application.colours(service.name) else 1
    heap = settings.heap(service.application.name, service.name)
    if heap is not None:
        return colours * (bytes_of(heap) // 1024**2 + BESIDE_A_HEAP)
    if isinstance(runtime, Pm2 | Node) and runtime.memory_limit is not None:
        limit = bytes_of(runtime.memory_limit) // 1024**2
        processes = runtime.instances if isinstance(runtime, Pm2) else colours
        return limit * (processors_of(instance_type) or 1 if processes == "max" else processes)
    return 0


# Kept for whoever administers, migrates and dumps, and for what RDS itself connects with.
KEPT_CONNECTIONS = 15


def _pools_fit_the_server(settings: Settings) -> Iterator[Fault]:
    """All processes on all hosts, both colours of a release too, may fill their pools at once."""
    for name, application in settings.applications.items():
        for store, of in application.databases.items():
            most, pool = of.parameters.get("max_connections"), of.pool_per_process
            if not isinstance(most, int) or pool is None:
                continue
            processes = {
                service: _processes(settings, name, service, shape)
                for service, shape in application.services.items()
                if any(_connects(value, store) for value in shape.environment.values())
            }
            needed = pool * sum(processes.values()) + KEPT_CONNECTIONS
            if needed > most:
                what = ", ".join(f"{service} {count}" for service, count in processes.items())
                yield (
                    f"applications.{name}.stores.{store}",
                    f"asked for {needed} connections",
                    f"its server takes {most}: pool_per_process {pool} for so many processes "
                    f"({what}) and {KEPT_CONNECTIONS} kept; have fewer, or a smaller pool",
                )


def _connects(value: object, store: str) -> bool:
    """Whether a variable leads to a database; its name or address alone does not count twice."""
    return any(text.startswith(f"stores.{store}.") for text in references.references_in(value))


def _processes(settings: Settings, application: str, service: str, shape: Service) -> int:
    placement = settings.placed(application).placement
    colours = 2 if settings.applications[application].colours(service) else 1
    each: int | Literal["max"] = 1
    if isinstance(shape.runtime, Pm2):
        each = shape.runtime.instances
    if isinstance(placement, EcsPlacement):
        size = placement.services.get(service)
        if size is None:
            return 0
        # A rolling update runs the new tasks beside the old ones.
        tasks = 2 * (size.max_count or size.count)
        return tasks * (max(1, size.cpu // 1024) if each == "max" else each)
    pool = settings.stack.pools.get(placement.pools.get(service, ""))
    if pool is None:
        return 0
    if each == "max":
        each = processors_of(pool.instance_type) or 1
    return colours * pool.count * each


def _networks_suffice(settings: Settings) -> Iterator[Fault]:
    for pool, size in settings.stack.pools.items():
        there = mbps_of(size.instance_type)
        if size.least_mbps is not None and (there is None or there < size.least_mbps):
            known = "unknown speed" if there is None else f"{there} Mbit/s for good"
            yield (
                f"pools.{pool}.instance_type",
                f"{size.instance_type} with {known}",
                f"must have least_mbps, {size.least_mbps}: a larger size",
            )


OF_STACK: tuple[StackCheck, ...] = (
    _heaps_are_of_java,
    _heaps_begin_within_themselves,
    _memory_suffices,
    _pools_fit_the_server,
    _networks_suffice,
)
