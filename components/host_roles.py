"""What a host of a pool, and the operations instance, shall be: the settings as roles."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from components.database_access import username
from hosts.roles import nginx as web
from hosts.roles.acme import CHALLENGES, Acme, acme, placeholder_certificate
from hosts.roles.baseline import Baseline, baseline
from hosts.roles.database_bootstrap import (
    DatabaseBootstrap,
    DatabaseRole,
    database_bootstrap,
)
from hosts.roles.database_migration import DatabaseMigration, SqlFiles, database_migration
from hosts.roles.dumps import DumpedDatabase, dumps
from hosts.roles.fail2ban import Fail2ban, fail2ban
from hosts.roles.host_firewall import HostFirewall, Opening, host_firewall
from hosts.roles.java_service import JavaService, java_service
from hosts.roles.node_runtime import NodeRuntime, PinnedArchive, Pm2Runtime
from hosts.roles.node_service import NodeService, node_service
from hosts.roles.operations import Operations, operations
from hosts.roles.pm2_service import Pm2Service, pm2_service
from hosts.roles.release import PublishedSite, ReleasedService, Releases, releases
from hosts.roles.schedule import Schedule, calendar_event, schedule
from hosts.roles.service import SecretSource
from hosts.roles.service import Service as HostService
from hosts.roles.ssh_hardening import SshHardening, ssh_hardening
from hosts.steps import Role
from settings.application import (
    Application,
    Container,
    Database,
    Dump,
    Java,
    Node,
    Pm2,
    Proxy,
    Route,
    Service,
    Site,
)
from settings.stack import HostEdge, RuntimeArchive
from settings.tree import Settings, architecture_of

SSH = 22
HTTP = 80
HTTPS = 443
# The longest silence that a load balancer waits through (ELB user guide, idle timeout).
LONGEST_SILENCE = 4000
IDLE_SECONDS = 75  # that nginx keeps a quiet connection by itself
# Between the last answer of a load balancer's check and what it does about it.
NOTICE_SECONDS = 2


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Who may speak to a host."""

    operations: str  # address of the operations instance
    load_balancer: tuple[str, ...]  # its subnets; none: the world speaks to the host itself


def pool_roles(
    settings: Settings, pool: str, reach: Reach, facts: Mapping[str, Any], *, first: bool
) -> list[Role]:
    """Everything on a host of a pool; facts hold each workload's variables and secrets.

    The first host of a pool is the one that runs what the clock starts.
    """
    stack = settings.stack
    services = list(settings.services_on(pool))
    sites = list(settings.sites_on(pool))
    fronts = [shape.front_port for *_, shape in services if shape.routes and shape.front_port]
    fronts += [shape.front_port for *_, shape in sites]
    openings = [Opening(port=SSH, source=f"{reach.operations}/32")]
    openings += [
        Opening(port=port, source=subnet) for port in fronts for subnet in reach.load_balancer
    ]
    certificates = _certificates(settings, pool)
    if certificates:
        openings += [Opening(port=HTTP), Opening(port=HTTPS)]
    roles = [
        *_every_host(settings, jump_host=False),
        host_firewall(HostFirewall(openings=tuple(openings))),
        fail2ban(Fail2ban(never=(reach.operations, *reach.load_balancer), web=bool(certificates))),
    ]
    if fronts:
        front = _nginx(settings, services, sites, reach)
        if certificates:
            front = _before_the_world(settings, front, services, sites, certificates)
        roles += [
            *map(placeholder_certificate, certificates.values()),
            web.nginx(front),
            *map(acme, certificates.values()),
        ]
    architecture = architecture_of(stack.pools[pool].instance_type)
    for application, service, shape in services:
        roles.append(_service(settings, application, service, shape, architecture, facts))
        if first:
            roles += _schedules(settings, application, service, shape, architecture, facts)
    applications = settings.applications_on(pool)
    return [*roles, *(_releases(settings, pool, application) for application in applications)]


def jump_host_roles(settings: Settings, openings: tuple[str, ...]) -> list[Role]:
    """What the operations instance is before anybody goes through it."""
    return [
        *_every_host(settings, jump_host=True),
        host_firewall(
            HostFirewall(openings=tuple(Opening(port=SSH, source=source) for source in openings))
            if openings
            else HostFirewall(openings=(Opening(port=SSH),))
        ),
        fail2ban(Fail2ban(never=openings)),
    ]


def database_roles(settings: Settings, facts: Mapping[str, Any]) -> list[Role]:
    """The one place from which databases are worked on, as the operations instance is it."""
    databases = [
        database for one in settings.applications.values() for database in one.databases.values()
    ]
    roles: list[Role] = [
        operations(
            Operations(
                engines=frozenset(database.kind for database in databases),
                caches=any(one.caches for one in settings.applications.values()),
            )
        )
    ]
    architecture = architecture_of(settings.stack.operations.instance_type)
    for name, application in settings.applications.items():
        bootstraps = {
            store: _bootstrap(settings, name, store, database, facts)
            for store, database in application.databases.items()
        }
        roles += [database_bootstrap(wanted) for wanted in bootstraps.values()]
        roles += [
            _dumps(settings, wanted, database.dump, facts)
            for wanted, database in zip(
                bootstraps.values(), application.databases.values(), strict=True
            )
            if database.dump
        ]
        migration = application.migration
        if migration is not None:
            roles += _migration(settings, name, bootstraps[migration.store], architecture, facts)
        roles += _operations_releases(settings, name, facts)
    return roles


def _every_host(settings: Settings, *, jump_host: bool) -> list[Role]:
    return [
        baseline(Baseline(time_zone=settings.stack.time_zone)),
        ssh_hardening(
            SshHardening(
                user=settings.stack.images.user,
                authorized_keys=settings.stack.deploy_keys,
                jump_host=jump_host,
            )
        ),
    ]


# What answers


def _nginx(
    settings: Settings,
    services: list[tuple[str, str, Service]],
    sites: list[tuple[str, str, Site]],
    reach: Reach,
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
        trusted_proxies=reach.load_balancer,
        idle_seconds=max([IDLE_SECONDS, *(5 + _silence(shape) for *_, shape in routed)]),
    )


# Where the world comes to the host itself


def _certificates(settings: Settings, pool: str) -> dict[str, Acme]:
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
    certificates: Mapping[str, Acme],
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
            tls=certificates[name].tls,
        )

    return replace(
        behind,
        servers=tuple(
            server(name, host) for name in certificates for host in settings.hosted_labels(name)
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
    proxy: Proxy = shape.proxy
    limit = proxy.rate_limit
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
            )
            if limit
            else None,
            body_limit=proxy.body_limit,
            body_timeout_seconds=proxy.body_timeout_seconds,
            read_timeout_seconds=route.read_timeout_seconds or proxy.read_timeout_seconds,
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


# What runs


def _service(
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


def _schedules(
    settings: Settings,
    application: str,
    service: str,
    shape: Service,
    architecture: str,
    facts: Mapping[str, Any],
) -> Iterator[Role]:
    """What the clock starts of a service's release, with the service's variables and secrets."""
    path = "/usr/local/bin:/usr/bin:/bin"
    if isinstance(shape.runtime, Pm2 | Node):
        node = _node(settings, shape.runtime.node, architecture)
        path = f"{node.executable.rpartition('/')[0]}:{path}"
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


# How a version takes over


def _releases(settings: Settings, pool: str, application: str) -> Role:
    spec = settings.applications[application]
    here = {
        service: shape for name, service, shape in settings.services_on(pool) if name == application
    }
    sites = {site: shape for name, site, shape in settings.sites_on(pool) if name == application}
    drain, settle = rotation_seconds(settings, pool, application)
    return releases(
        Releases(
            application=application,
            bucket=settings.stack.artifacts,
            artifacts={
                **{
                    service: "jar" if isinstance(shape.runtime, Java) else "tar.gz"
                    for service, shape in here.items()
                },
                **dict.fromkeys(sites, "tar.gz"),
            },
            sites={site: shape.immutable for site, shape in sites.items()},
            services=tuple(_released(settings, spec, service) for service in here),
            drain_seconds=drain,
            settle_seconds=settle,
            keep=spec.release.keep,
        )
    )


def _released(settings: Settings, spec: Application, service: str) -> ReleasedService:
    key, shape = f"{spec.name}-{service}", spec.services[service]
    colours = spec.colours(service)
    hold = settings.placed(spec.name).hold_seconds
    return ReleasedService(
        name=service,
        unit=f"{key}@.service" if colours else f"{key}.service",
        kind="colours" if colours else "exchange" if isinstance(shape.runtime, Pm2) else "restart",
        port=shape.port,
        health=shape.health.path if shape.health else None,
        start_seconds=shape.startup_seconds,
        colours=colours or (),
        hold_seconds=spec.release.hold_seconds if hold is None else hold,
    )


def rotation_seconds(settings: Settings, pool: str, application: str) -> tuple[int, int]:
    """How long a load balancer takes to stop sending to a host, and to begin again.

    None where nobody else could take over: leaving rotation would be an outage.
    """
    checked = [
        shape
        for name, _, shape in settings.services_on(pool)
        if name == application and shape.routes and shape.health
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


# Databases


def _bootstrap(
    settings: Settings, application: str, store: str, database: Database, facts: Mapping[str, Any]
) -> DatabaseBootstrap:
    told = facts["databases"][f"{application}-{store}"]
    secrets: Mapping[str, str] = told["secrets"]
    rotations = {
        role: settings.rotation(application, f"stores.{store}.{role}") for role in database.roles
    }
    return DatabaseBootstrap(
        key=f"{application}-{store}",
        engine=database.kind,
        database=told["name"],
        administrator_secret_arn=told["administrator"],
        owner=database.owner,
        owner_secret_arn=secrets[database.owner],
        roles=(
            *(
                DatabaseRole(
                    name=username(role, rotations[role].current),
                    secret_arn=secrets[role],
                    rights=of.rights,
                    settings=of.settings,
                )
                for role, of in database.roles.items()
            ),
            DatabaseRole(name=told["backup_user"], secret_arn=secrets["backup"], rights="backup"),
        ),
        closed=tuple(
            username(role, rotation.current + 1)
            for role, rotation in rotations.items()
            if rotation.current > 1 and not rotation.accepted
        ),
        extensions=database.extensions,
        character_set=database.character_set,
    )


def _dumps(
    settings: Settings, bootstrap: DatabaseBootstrap, dump: Dump, facts: Mapping[str, Any]
) -> Role:
    zone = settings.stack.time_zone
    return dumps(
        DumpedDatabase(
            key=bootstrap.key,
            specification=bootstrap.specification,
            stack=settings.name,
            bucket=facts["databases"][bootstrap.key]["bucket"],
            region=settings.stack.region,
            encryption_key_arn=facts["encryption_key"],
            prefix=dump.prefix,
            validate_with=dump.validate_with,
            at=calendar_event(dump.schedule, zone),
            drill_at=calendar_event(dump.drill, zone) if dump.drill else None,
        )
    )


def _migration(
    settings: Settings,
    application: str,
    bootstrap: DatabaseBootstrap,
    architecture: str,
    facts: Mapping[str, Any],
) -> Iterator[Role]:
    """The migrating service's release and variables; of its secrets the database's alone."""
    spec = settings.applications[application]
    migration = spec.migration
    if migration is None:
        return
    shape = spec.services[migration.service]
    told = facts["migrations"][application]
    path = "/usr/local/bin:/usr/bin:/bin"
    if isinstance(shape.runtime, Pm2 | Node):
        node = _node(settings, shape.runtime.node, architecture)
        yield Role(name="runtime of migrations", install=node.steps())
        path = f"{node.executable.rpartition('/')[0]}:{path}"
    yield database_migration(
        DatabaseMigration(
            service=HostService(
                application=application,
                name=migration.service,
                environment={**told["environment"], "PATH": path},
                secrets={name: SecretSource(**one) for name, one in told["secrets"].items()},
            ),
            bootstrap=bootstrap,
            command=migration.command,
            sql=(
                SqlFiles(
                    directory=migration.sql.directory,
                    down_directory=migration.sql.down_directory or migration.sql.directory,
                )
                if migration.sql
                else None
            ),
            down=migration.down,
            seed=migration.seed,
            seed_at_once=settings.placed(application).seed,
            after=spec.databases[migration.store].after_migration,
        )
    )


def _operations_releases(
    settings: Settings, application: str, facts: Mapping[str, Any]
) -> Iterator[Role]:
    """What the operations instance does with a release: migrates, and publishes sites."""
    spec = settings.applications[application]
    artifacts: dict[str, Literal["tar.gz", "jar"]] = {}
    if spec.migration is not None:
        runtime = spec.services[spec.migration.service].runtime
        artifacts[spec.migration.service] = "jar" if isinstance(runtime, Java) else "tar.gz"
    published = {
        site: PublishedSite(
            bucket=place["bucket"],
            distribution=place["distribution"],
            immutable=spec.sites[site].immutable,
        )
        for site, place in facts["sites"].get(application, {}).items()
    }
    if not artifacts and not published:
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
        )
    )
