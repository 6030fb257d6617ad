"""What nginx answers on a host of a pool: the services' routes and the sites' files."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from hosts.roles import nginx as web
from hosts.roles.acme import CHALLENGES, Acme
from settings.application import Application, Proxy, Route, Service, Site
from settings.part import Part
from settings.stack import HostEdge
from settings.tree import Settings

HTTPS = 443
# The longest silence that a load balancer waits through (ELB user guide, idle timeout).
LONGEST_SILENCE = 4000
IDLE_SECONDS = 75  # that nginx keeps a quiet connection by itself


def proxy(settings: Settings, pool: str, load_balancer: tuple[str, ...]) -> web.Nginx | None:
    """None where nothing of a pool is asked for from outside.

    load_balancer: its subnets, the only ones whose word on a client's address is believed.
    """
    if not settings.front_ports(pool):
        return None
    services = list(settings.services_on(pool))
    sites = list(settings.sites_on(pool))
    front = _behind_balancer(services, sites, load_balancer)
    own = certificates(settings, pool)
    return _before_the_world(settings, front, services, sites, own) if own else front


def _behind_balancer(
    services: list[Part[Service]], sites: list[Part[Site]], load_balancer: tuple[str, ...]
) -> web.Nginx:
    routed = [
        service
        for service in services
        if service.shape.routes
        and service.shape.port is not None
        and service.shape.front_port is not None
    ]
    return web.Nginx(
        servers=(*map(_server, routed), *map(_site, sites)),
        upstreams=tuple(map(_upstream, routed)),
        trusted_proxies=load_balancer,
        idle_seconds=max([IDLE_SECONDS, *(5 + _silence(service.shape) for service in routed)]),
    )


def certificates(settings: Settings, pool: str) -> dict[str, Acme]:
    """Application → the certificate of its names that this host answers for."""
    edge = settings.stack.edge
    if not isinstance(edge, HostEdge) or edge.pool != pool:
        return {}
    return {
        application: Acme(
            name=application, host_names=names, email=edge.email, server=edge.authority
        )
        for application in settings.applications_on(pool)
        if (names := settings.hosted_names(application))
    }


def _before_the_world(
    settings: Settings,
    behind: web.Nginx,
    services: list[Part[Service]],
    sites: list[Part[Site]],
    proved: Mapping[str, Acme],
) -> web.Nginx:
    """In place of a port for each service, one server for each public name, all on 443."""

    def server(name: str, host: str) -> web.Server:
        application = settings.applications[name]
        return web.Server(
            application=name,
            port=HTTPS,
            host_names=(settings.host_name(name, host),),
            locations=(
                *(
                    location
                    for service in services
                    if service.application.name == name
                    for location in _proxied(
                        service, (route for route in service.shape.routes if route.host == host)
                    )
                ),
                *(
                    _files(site)
                    for site in sites
                    if site.application.name == name and site.shape.host == host
                ),
            ),
            headers=_headers(application),
            denied=tuple(
                dict.fromkeys(
                    path
                    for service in services
                    if service.application.name == name
                    and any(route.host == host for route in service.shape.routes)
                    for path in service.shape.denied
                )
            ),
            compression=_compression(application),
            tls=replace(proved[name].tls, only_1_3=settings.stack.oldest_tls == "TLSv1.3"),
        )

    return replace(
        behind,
        servers=tuple(
            server(name, host) for name in proved for host in settings.hosted_labels(name)
        ),
        # Nobody in front keeps a quiet connection open for others.
        idle_seconds=IDLE_SECONDS,
        challenge_directory=CHALLENGES,
    )


def _silence(shape: Service) -> int:
    """How long the load balancer may keep a quiet connection for the sake of a service."""
    longest = max(
        route.read_timeout_seconds or shape.proxy.read_timeout_seconds for route in shape.routes
    )
    return min(longest, LONGEST_SILENCE)


def _upstream(service: Part[Service]) -> web.Upstream:
    colours = service.application.colours(service.name)
    shape = service.shape
    algorithm = shape.balancing.algorithm
    return web.Upstream(
        name=service.key,
        backends=() if colours else (web.Backend(port=shape.port or 0),),
        balance="least-connections" if algorithm != "round_robin" else "round-robin",
        keepalive=shape.proxy.keepalive,
        colours=colours,
    )


def _server(service: Part[Service]) -> web.Server:
    shape = service.shape
    return web.Server(
        application=service.application.name,
        port=shape.front_port or 0,
        locations=_proxied(service, shape.routes),
        health=web.Health(path=shape.health.path, upstream=service.key) if shape.health else None,
        headers=_headers(service.application),
        compression=_compression(service.application),
        denied=shape.denied,
    )


def _proxied(service: Part[Service], routes: Iterable[Route]) -> tuple[web.Proxied, ...]:
    limits: Proxy = service.shape.proxy
    limit = limits.rate_limit
    paths = {route.path: route for route in routes}
    return tuple(
        web.Proxied(
            path=path,
            upstream=service.key,
            websocket=route.websocket,
            limit=web.RateLimit(
                requests_per_second=limit.requests_per_second,
                burst=limit.burst,
                connections=limit.connections,
                log_in=tuple(limit.log_in.items()),
            )
            if limit
            else None,
            body_limit=limits.body_limit,
            body_timeout_seconds=limits.body_timeout_seconds,
            read_timeout_seconds=route.read_timeout_seconds or limits.read_timeout_seconds,
            immutable_extensions=service.application.static_files.extensions,
        )
        for path, route in paths.items()
    )


def _site(site: Part[Site]) -> web.Server:
    return web.Server(
        application=site.application.name,
        port=site.shape.front_port,
        locations=(_files(site),),
        health=web.Health(path=web.SITE_HEALTH, upstream=None),
        headers=_headers(site.application),
        compression=_compression(site.application),
    )


def _files(site: Part[Site]) -> web.Files:
    return web.Files(
        path=site.shape.path,
        directory=f"{web.current(site.application.name)}/{site.name}",
        single_page=site.shape.single_page,
        immutable=site.shape.immutable,
        immutable_directory=web.kept_assets(site.application.name, site.name),
    )


def _headers(application: Application) -> tuple[tuple[str, str], ...]:
    return web.security_headers(
        frame_options=application.headers.frame_options,
        referrer_policy=application.headers.referrer_policy,
        content_security_policy=application.headers.content_security_policy,
        hsts_seconds=application.headers.hsts_seconds,
    )


def _compression(application: Application) -> web.Compression:
    wanted = application.compression
    return web.Compression(
        min_bytes=wanted.min_bytes,
        level=wanted.level,
        **({"types": wanted.types} if wanted.types else {}),
    )
