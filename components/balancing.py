"""What the load balancer answers: the services' routes, and the sites that hosts serve."""

from dataclasses import replace
from math import ceil

import pulumi

from components.alarms import AnswerLimits
from components.host_releases import rotation_seconds
from components.routing import Forward, Respond, Route
from components.target_group import HealthCheck, TargetGroupArgs
from hosts.roles.nginx import SITE_HEALTH
from settings.application import Service, Site
from settings.part import Part
from settings.stack import HostsPlacement
from settings.tree import Settings


def balanced(settings: Settings) -> list[Part[Service] | Part[Site]]:
    """Every part that it sends requests to."""
    return [*settings.routed, *settings.sites_on_hosts]


def targets(settings: Settings, vpc_id: pulumi.Input[str]) -> dict[str, TargetGroupArgs]:
    """By application-part: where it is found, and how its copies are checked."""
    return {
        **{service.key: _service(settings, service, vpc_id) for service in settings.routed},
        **{site.key: _site(settings, site, vpc_id) for site in settings.sites_on_hosts},
    }


def routes(settings: Settings) -> dict[str, Route]:
    return {
        **{
            f"{service.key}-{host}": Route(
                hosts=(settings.host_name(service.application.name, host),),
                paths=tuple(route.path for route in service.shape.routes if route.host == host),
                action=Forward(weights={service.key: 1}),
            )
            for service in settings.routed
            for host in _hosts(service)
        },
        **{
            f"{site.key}-{site.shape.host}": Route(
                hosts=(settings.host_name(site.application.name, site.shape.host),),
                paths=(site.shape.path,),
                action=Forward(weights={site.key: 1}),
            )
            for site in settings.sites_on_hosts
        },
        # What nobody outside may ask for; a host's nginx refuses it as well.
        **{
            f"{service.key}-{host}-denied": Route(
                hosts=(settings.host_name(service.application.name, host),),
                paths=tuple(f"{path}*" for path in service.shape.denied),
                action=Respond(status=403, body="Not for visitors."),
            )
            for service in settings.routed
            if service.shape.denied
            for host in _hosts(service)
        },
    }


def longest_wait(settings: Settings, at_most: int) -> int:
    """Seconds that the slowest route may take, as far as what stands before hosts goes."""
    waits = [
        route.read_timeout_seconds or service.shape.proxy.read_timeout_seconds
        for service in settings.routed
        for route in service.shape.routes
    ]
    return min(at_most, max([60, *waits]))


def _hosts(service: Part[Service]) -> list[str]:
    return list(dict.fromkeys(route.host for route in service.shape.routes))


def _service(
    settings: Settings, service: Part[Service], vpc_id: pulumi.Input[str]
) -> TargetGroupArgs:
    placed = settings.placed(service.application.name)
    shape = service.shape
    hosted = isinstance(placed.placement, HostsPlacement)
    port = shape.front_port if hosted else shape.port
    assert port is not None and shape.health is not None, "the settings see to it"  # noqa: PT018 - one fact for the type checker
    sticky = shape.balancing.stickiness
    interval = placed.check_seconds or shape.health.interval_seconds
    return TargetGroupArgs(
        vpc_id=vpc_id,
        port=port,
        kind="instance" if hosted else "ip",
        health=HealthCheck(
            path=shape.health.path,
            statuses=shape.health.status,
            interval=interval,
            # AWS wants an answer before it asks again.
            timeout=min(shape.health.timeout_seconds, interval - 1),
            healthy=shape.health.healthy,
            unhealthy=shape.health.unhealthy,
        ),
        algorithm=shape.balancing.algorithm,
        sticky_seconds=sticky.duration_seconds if sticky else None,
        deregistration_delay=shape.balancing.drain_seconds,
        limits=_limits(settings, service),
    )


def _site(settings: Settings, site: Part[Site], vpc_id: pulumi.Input[str]) -> TargetGroupArgs:
    check = HealthCheck(path=SITE_HEALTH)
    interval = settings.placed(site.application.name).check_seconds or check.interval
    return TargetGroupArgs(
        vpc_id=vpc_id,
        port=site.shape.front_port,
        kind="instance",
        health=replace(check, interval=interval, timeout=min(check.timeout, interval - 1)),
        limits=_limits(settings, site),
    )


def _limits(settings: Settings, part: Part[Service] | Part[Site]) -> AnswerLimits:
    told = part.application.thresholds
    return AnswerLimits(
        slow_seconds=told.slow_request_ms / 1000,
        stuck_seconds=told.stuck_request_ms / 1000 if told.stuck_request_ms else None,
        error_percent=told.error_percent,
        unhealthy_minutes=max(
            AnswerLimits.unhealthy_minutes, ceil(_seconds_of_a_release(settings, part) / 60)
        ),
    )


def _seconds_of_a_release(settings: Settings, part: Part[Service] | Part[Site]) -> int:
    """How long hosts are away one after another, with all the time that they may take to start.

    A task is replaced by one that is well already.
    """
    application = part.application
    placement = settings.placed(application.name).placement
    if not isinstance(placement, HostsPlacement):
        return 0
    pool = placement.pools[part.name]
    starts = max(
        (
            one.shape.startup_seconds
            for one in settings.services_on(pool)
            if one.application.name == application.name
        ),
        default=0,
    )
    away = sum(rotation_seconds(settings, pool, application.name))
    return settings.stack.pools[pool].count * (starts + away)
