"""What nginx answers on a host of a pool: the services' routes and the sites' files."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from hosts.roles import nginx as web
from hosts.roles.acme import CHALLENGES, Acme
from settings.application import Application, Proxy, Route, Service, Site
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
    front = _behind_balancer(settings, services, sites, load_balancer)
    own = certificates(settings, pool)
    return _before_the_world(settings, front, services, sites, own) if own else front


def _behind_balancer(
    settings: Settings,
    services: list[tuple[str, str, Service]],
    sites: list[tuple[str, str, Site]],
    load_balancer: tuple[str, ...],
) -> web.Nginx:
    routed = [
        (application, service, shape)
        for application, service, shape in services
        if shape.routes and shape.port is not None and shape.front_port is not None
    ]
    return web.Nginx(
        servers=(
            *(
                _server(settings.applications[application], f"{application}-{service}", shape)
                for application, service, shape in routed
            ),
            *(
                _site(settings.applications[application], site, shape)
                for application, site, shape in sites
            ),
        ),
        upstreams=tuple(
            _upstream(settings.applications[application], service, shape)
            for application, service, shape in routed
        ),
        trusted_proxies=load_balancer,
        idle_seconds=max([IDLE_SECONDS, *(5 + _silence(shape) for *_, shape in routed)]),
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
    services: list[tuple[str, str, Service]],
    sites: list[tuple[str, str, Site]],
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
                    for of, service, shape in services
                    if of == name
                    for location in _proxied(
                        application,
                        f"{name}-{service}",
                        shape,
                        (route for route in shape.routes if route.host == host),
                    )
                ),
                *(
                    _files(application, site, shape)
                    for of, site, shape in sites
                    if of == name and shape.host == host
                ),
            ),
            headers=_headers(application),
            denied=tuple(
                dict.fromkeys(
                    path
                    for of, _, shape in services
                    if of == name and any(route.host == host for route in shape.routes)
                    for path in shape.denied
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


def _upstream(application: Application, service: str, shape: Service) -> web.Upstream:
    colours = application.colours(service)
    algorithm = shape.balancing.algorithm
    return web.Upstream(
        name=f"{application.name}-{service}",
        backends=() if colours else (web.Backend(port=shape.port or 0),),
        balance="least-connections" if algorithm != "round_robin" else "round-robin",
        keepalive=shape.proxy.keepalive,
        colours=colours,
    )


def _server(application: Application, key: str, shape: Service) -> web.Server:
    return web.Server(
        application=application.name,
        port=shape.front_port or 0,
        locations=_proxied(application, key, shape, shape.routes),
        health=web.Health(path=shape.health.path, upstream=key) if shape.health else None,
        headers=_headers(application),
        compression=_compression(application),
        denied=shape.denied,
    )


def _proxied(
    application: Application, key: str, shape: Service, routes: Iterable[Route]
) -> tuple[web.Proxied, ...]:
    limits: Proxy = shape.proxy
    limit = limits.rate_limit
    paths = {route.path: route for route in routes}
    return tuple(
        web.Proxied(
            path=path,
            upstream=key,
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
            immutable_extensions=application.static_files.extensions,
        )
        for path, route in paths.items()
    )


def _site(application: Application, site: str, shape: Site) -> web.Server:
    return web.Server(
        application=application.name,
        port=shape.front_port,
        locations=(_files(application, site, shape),),
        health=web.Health(path=web.SITE_HEALTH, upstream=None),
        headers=_headers(application),
        compression=_compression(application),
    )


def _files(application: Application, site: str, shape: Site) -> web.Files:
    return web.Files(
        path=shape.path,
        directory=f"{web.current(application.name)}/{site}",
        single_page=shape.single_page,
        immutable=shape.immutable,
        immutable_directory=web.kept_assets(application.name, site),
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
