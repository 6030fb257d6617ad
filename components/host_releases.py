"""How a version takes over on hosts, and what the operations instance does with it."""

from collections.abc import Iterator, Mapping
from typing import Literal

from components.host_databases import operations_migrate
from components.host_facts import SiteFacts
from hosts.roles.release import PublishedSite, ReleasedService, Releases, releases
from hosts.steps import Role
from settings.application import Java, Pm2, Service
from settings.part import Part
from settings.stack import HostsPlacement
from settings.tree import Settings

# Between the last answer of a load balancer's check and what it does about it.
NOTICE_SECONDS = 2


def pool_releases(settings: Settings, pool: str, application: str, *, first: bool) -> Role:
    spec = settings.applications[application]
    here = [one for one in settings.services_on(pool) if one.application.name == application]
    sites = [one for one in settings.sites_on(pool) if one.application.name == application]
    packed = settings.artifacts(application)
    drain, settle = rotation_seconds(settings, pool, application)
    return releases(
        Releases(
            application=application,
            bucket=settings.stack.artifacts,
            artifacts={part.name: packed[part.name] for part in (*here, *sites)},
            sites={site.name: site.shape.immutable for site in sites},
            services=tuple(_released(settings, service) for service in here),
            clock=tuple(unit for service in here for unit in _clock(service, first=first)),
            drain_seconds=drain,
            settle_seconds=settle,
            keep=spec.release.keep,
        )
    )


def _clock(service: Part[Service], *, first: bool) -> Iterator[str]:
    """What timers start of a service on a host."""
    runtime = service.shape.runtime
    if isinstance(runtime, Pm2) and runtime.restart_at:
        yield f"{service.key}-exchange"
    if first:
        for name, wanted in service.application.schedules.items():
            if wanted.service == service.name:
                yield f"{service.key}-{name}"


def _released(settings: Settings, service: Part[Service]) -> ReleasedService:
    spec, shape = service.application, service.shape
    colours = spec.colours(service.name)
    hold = settings.placed(spec.name).hold_seconds
    return ReleasedService(
        name=service.name,
        unit=f"{service.key}@.service" if colours else f"{service.key}.service",
        kind="colours" if colours else "exchange" if isinstance(shape.runtime, Pm2) else "restart",
        port=shape.port,
        health=shape.health.path if shape.health else None,
        deep=shape.health.deep if shape.health else None,
        start_seconds=shape.startup_seconds,
        steady_seconds=shape.steady_seconds,
        colours=colours or (),
        hold_seconds=spec.release.hold_seconds if hold is None else hold,
    )


def rotation_seconds(settings: Settings, pool: str, application: str) -> tuple[int, int]:
    """How long a load balancer takes to stop sending to a host, and to begin again.

    0 where nobody else could take over: leaving rotation would be an outage.
    """
    checked = [
        one.shape
        for one in settings.services_on(pool)
        if one.application.name == application and one.shape.routes and one.shape.health
    ]
    if settings.stack.pools[pool].count == 1 or not checked:
        return 0, 0
    drain = settle = 0
    for shape in checked:
        if shape.health is None:
            continue
        every = settings.placed(application).check_seconds or shape.health.interval_seconds
        drain = max(drain, every * shape.health.unhealthy + shape.health.timeout_seconds)
        settle = max(settle, every * shape.health.healthy)
    return drain + NOTICE_SECONDS, settle + NOTICE_SECONDS


def operations_releases(
    settings: Settings, application: str, sites: Mapping[str, SiteFacts]
) -> Iterator[Role]:
    """What the operations instance does with a release: migrates, and publishes sites."""
    spec = settings.applications[application]
    hosted = isinstance(settings.placed(application).placement, HostsPlacement)
    migrates = operations_migrate(settings, spec)
    artifacts: dict[str, Literal["tar.gz", "jar"]] = {}
    # Of tasks it needs the files of SQL alone.
    if spec.migration is not None and migrates and (hosted or spec.migration.sql):
        runtime = spec.services[spec.migration.service].runtime
        artifacts[spec.migration.service] = "jar" if isinstance(runtime, Java) else "tar.gz"
    published = {
        site: PublishedSite(
            bucket=place.bucket,
            distribution=place.distribution,
            immutable=spec.sites[site].immutable,
        )
        for site, place in sites.items()
    }
    if not migrates and not published:
        return
    yield releases(
        Releases(
            application=application,
            bucket=settings.stack.artifacts,
            artifacts={**artifacts, **dict.fromkeys(published, "tar.gz")},
            published=published,
            services=(),
            drain_seconds=0,
            settle_seconds=0,
            keep=spec.release.keep,
            dump_first=(
                f"{application}-{spec.migration.store}"
                if spec.migration and spec.migration.dump_first
                else None
            ),
        )
    )
