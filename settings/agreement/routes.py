"""What visitors can reach, and the ports and colours behind it."""

import re
from collections.abc import Iterator

from settings import references
from settings.agreement.fault import ApplicationCheck, Fault, must_be_known
from settings.application import Application, Pm2, Service
from settings.problem import shown


def _routes_lead_somewhere(application: Application) -> Iterator[Fault]:
    taken: dict[tuple[str, str], str] = {}
    routes = [
        (f"services.{name}.routes.{index}", route.host, route.path)
        for name, service in application.services.items()
        for index, route in enumerate(service.routes)
    ] + [(f"sites.{name}", site.host, site.path) for name, site in application.sites.items()]
    for key, host, path in routes:
        yield from must_be_known(f"{key}.host", host, application.hosts, "hosts")
        if (host, path) in taken:
            yield key, f"{host}{path}", f"{taken[host, path]} has this route already"
        taken.setdefault((host, path), key)
    for name, bucket in application.buckets.items():
        if bucket.host is None:
            continue
        yield from must_be_known(f"buckets.{name}.host", bucket.host, application.hosts, "hosts")
        if any(host == bucket.host for _, host, _ in routes):
            yield f"buckets.{name}.host", bucket.host, "must be a host that no route uses"


# As browsers send it (RFC 6454, section 6.2): nothing behind host and port.
ORIGIN = re.compile(r"https?://(\$\{[^}]*\}|[A-Za-z0-9.*-]+)(:\d{1,5})?")


def _hosts_are_apart(application: Application) -> Iterator[Fault]:
    taken: dict[str, str] = {}
    for name, label in application.hosts.items():
        if label in taken:
            yield f"hosts.{name}", shown(label), f"hosts.{taken[label]} is this name already"
        taken.setdefault(label, name)


def _parts_have_names_of_their_own(application: Application) -> Iterator[Fault]:
    for name in application.sites:
        if name in application.services:
            yield f"sites.{name}", "a service", "must be another name: both are parts of a release"


def _services_can_be_reached(application: Application) -> Iterator[Fault]:
    for name, service in application.services.items():
        key = f"services.{name}"
        if service.routes and service.port is None:
            yield f"{key}.port", "missing", "a service with routes must say where it listens"
        if service.routes and service.health is None:
            yield f"{key}.health", "missing", "a service with routes must say how it is checked"
        if not service.routes and service.health is not None and service.port is None:
            yield f"{key}.health", "given", "a worker has no port, so there is nothing to ask"


def _colours_have_room(application: Application) -> Iterator[Fault]:
    strategy = application.release
    if strategy.kind != "blue-green":
        if strategy.second_port is not None:
            yield "release.second_port", str(strategy.second_port), "must be absent: it is rolling"
        return
    if strategy.second_port is None:
        yield "release.second_port", "missing", "blue-green needs the other colour's port"
        return
    for name, service in application.services.items():
        if not service.routes:
            continue
        if service.port == strategy.second_port:
            yield (
                "release.second_port",
                str(strategy.second_port),
                f"must be another port than that of services.{name}",
            )
        if isinstance(service.runtime, Pm2):
            yield (
                "release.kind",
                "blue-green",
                f"must be rolling: PM2 exchanges the processes of services.{name} by itself",
            )


def _closed_paths_are_within_routes(application: Application) -> Iterator[Fault]:
    """A path that no route covers is closed anyway: naming it is a slip."""
    for name, service in application.services.items():
        for index, path in enumerate(service.denied):
            yield from _within_routes(f"services.{name}.denied.{index}", path, service)


def _log_ins_are_within_routes(application: Application) -> Iterator[Fault]:
    for name, service in application.services.items():
        limit = service.proxy.rate_limit
        for path in limit.log_in if limit else ():
            yield from _within_routes(f"services.{name}.proxy.rate_limit.log_in", path, service)


def _within_routes(key: str, path: str, service: Service) -> Iterator[Fault]:
    if "*" in path or path.endswith("/"):
        yield key, path, "must be the beginning of a path, as /api/admin"
    elif not any(route.covers(path) for route in service.routes):
        routes = ", ".join(route.path for route in service.routes) or "none"
        yield key, path, f"must lie under a route of its service, {routes}"


def _origins_are_hosts(application: Application) -> Iterator[Fault]:
    for name, bucket in application.buckets.items():
        for index, origin in enumerate(bucket.cors.origins if bucket.cors else ()):
            key = f"buckets.{name}.cors.origins.{index}"
            if origin == "*":
                yield key, origin, "must name the origins: any site may use it otherwise"
            elif not ORIGIN.fullmatch(origin):
                yield key, origin, "must be https:// and a host alone, as https://${hosts.web}"
            for text in references.references_in(origin):
                reference = references.parse(text, application)
                if isinstance(reference, str):
                    yield key, origin, reference
                elif reference.kind != "hosts":
                    yield key, origin, "must be https://${hosts.NAME}"


OF_APPLICATION: tuple[ApplicationCheck, ...] = (
    _hosts_are_apart,
    _routes_lead_somewhere,
    _parts_have_names_of_their_own,
    _services_can_be_reached,
    _origins_are_hosts,
    _colours_have_room,
    _closed_paths_are_within_routes,
    _log_ins_are_within_routes,
)
