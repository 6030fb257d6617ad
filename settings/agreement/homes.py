"""Where a stack puts each part of its applications, and what must be there for it."""

from collections.abc import Iterator

from settings import references
from settings.agreement.fault import Fault, StackCheck, must_be_known
from settings.agreement.variables import any_site, service_can_be_told
from settings.application import Container, Java, Node, Pm2, Runtime, Service
from settings.instance_types import architecture_of
from settings.part import Part
from settings.problem import shown
from settings.stack import EcsPlacement, HostEdge, HostsPlacement
from settings.tree import Settings


def _services_have_a_home(settings: Settings) -> Iterator[Fault]:
    for name, application in settings.applications.items():
        placement = settings.placed(name).placement
        homes = placement.pools if isinstance(placement, HostsPlacement) else placement.services
        word = "pools" if isinstance(placement, HostsPlacement) else "services"
        key = f"applications.{name}.placement.{word}"
        for service in application.services:
            if service not in homes:
                yield f"{key}.{service}", "missing", "every service must be placed"
        for part in homes:
            if part not in application.sites:
                yield from must_be_known(f"{key}.{part}", part, application.services, "services")
        if isinstance(placement, HostsPlacement):
            for service, pool in placement.pools.items():
                yield from must_be_known(f"{key}.{service}", pool, settings.stack.pools, "pools")
            for service, of in application.services.items():
                if isinstance(of.runtime, Container):
                    yield (
                        f"{key}.{service}",
                        "a container",
                        "its runtime runs on ecs; hosts run node, pm2 and java",
                    )


def _sites_have_a_home(settings: Settings) -> Iterator[Fault]:
    """The CDN serves them from their buckets; without one, hosts do."""
    for name, application in settings.applications.items():
        placement = settings.placed(name).placement
        homes = placement.pools if isinstance(placement, HostsPlacement) else placement.services
        word = "pools" if isinstance(placement, HostsPlacement) else "services"
        for site in (one for one in application.sites if one not in application.services):
            key = f"applications.{name}.placement.{word}.{site}"
            if settings.sites_at_edge and site in homes:
                yield key, "placed", "must be absent: edge cdn serves sites from their buckets"
            elif isinstance(placement, EcsPlacement) and site in homes:
                yield key, "placed", "must be absent: a site has no task"
            elif not settings.sites_at_edge and isinstance(placement, EcsPlacement):
                yield (
                    f"applications.{name}.placement.kind",
                    "ecs",
                    f"the site {site} needs hosts that serve it, or edge cdn",
                )
            elif not settings.sites_at_edge and site not in homes:
                yield key, "missing", "without a CDN every site must be placed"


def _schedules_have_a_host(settings: Settings) -> Iterator[Fault]:
    for name, application in settings.applications.items():
        if isinstance(settings.placed(name).placement, EcsPlacement):
            for schedule in application.schedules:
                yield (
                    f"applications.{name}.placement.kind",
                    "ecs",
                    f"the schedule {schedule} runs on a host: must be hosts",
                )


def _stores_have_a_size(settings: Settings) -> Iterator[Fault]:
    wanted = {"postgres": "database", "mysql": "database", "redis": "cache"}
    for name, application in settings.applications.items():
        sizes = settings.placed(name).stores
        key = f"applications.{name}.stores"
        for store, of in application.stores.items():
            if store not in sizes:
                yield f"{key}.{store}", "missing", "every store must have a size"
            elif sizes[store].kind != wanted[of.kind]:
                yield f"{key}.{store}.kind", sizes[store].kind, f"must be {wanted[of.kind]}"
        for store in sizes:
            yield from must_be_known(f"{key}.{store}", store, application.stores, "stores")


def _overrides_fit(settings: Settings) -> Iterator[Fault]:
    for name, application in settings.applications.items():
        for service, variables in settings.placed(name).environment.items():
            key = f"applications.{name}.environment.{service}"
            yield from must_be_known(key, service, application.services, "services")
            if service in application.services:
                known = application.services[service].environment
                yield from service_can_be_told(key, variables, service, application)
                for variable, value in variables.items():
                    yield from must_be_known(f"{key}.{variable}", variable, known, "variables")
                    if settings.stack.durable and any_site(variable, value):
                        allowed = "must name the origins on a durable stack: no *"
                        yield f"{key}.{variable}", shown(value), allowed


def _files_are_on_hosts(settings: Settings) -> Iterator[Fault]:
    """A task has no place for a file: what it needs has to be in its image or its variables."""
    for name, application in settings.applications.items():
        if isinstance(settings.placed(name).placement, HostsPlacement):
            continue
        for service, shape in application.services.items():
            wanted = [f"its file {file}" for file in shape.files] + [
                f"the file of {variable}"
                for variable, value in shape.environment.items()
                for text in references.references_in(value)
                if isinstance(found := references.parse(text, application), references.Reference)
                and found.fact == "file"
            ]
            if wanted:
                yield (
                    f"applications.{name}.placement.kind",
                    "ecs",
                    f"must be hosts: {service} has no place for {wanted[0]}",
                )


def _edge_fits(settings: Settings) -> Iterator[Fault]:
    edge = settings.stack.edge
    if not isinstance(edge, HostEdge):
        return
    yield from must_be_known("edge.pool", edge.pool, settings.stack.pools, "pools")
    pool = settings.stack.pools.get(edge.pool)
    if pool and pool.count != 1:
        yield f"pools.{edge.pool}.count", str(pool.count), "edge host is one machine: must be 1"
    for name in settings.applications:
        placement = settings.placed(name).placement
        if isinstance(placement, EcsPlacement):
            yield (
                f"applications.{name}.placement.kind",
                "ecs",
                "edge host has no load balancer for it: must be hosts, or another edge",
            )
        elif pool and any(home != edge.pool for home in placement.pools.values()):
            key = f"applications.{name}.placement.pools"
            yield key, shown(dict(placement.pools)), f"edge host answers for {edge.pool} alone"


# Services run as users of their own, who may listen from here on (ip(7), port ranges).
LEAST_PORT = 1024


def _ports_are_open_to_users(settings: Settings) -> Iterator[Fault]:
    for pool in settings.stack.pools:
        for service in settings.services_on(pool):
            for port in service.application.colours(service.name) or (service.shape.port,):
                if port is not None and port < LEAST_PORT:
                    allowed = f"must listen on {LEAST_PORT} or higher on hosts: it is not root"
                    yield _home(service), f"{pool}, port {port}", allowed


def _ports_are_free(settings: Settings) -> Iterator[Fault]:
    for pool in settings.stack.pools:
        taken: dict[int, str] = {}
        ports = [(service, list(_ports(service))) for service in settings.services_on(pool)]
        fronts = [(site, [site.shape.front_port]) for site in settings.sites_on(pool)]
        for part, wanted in (*ports, *fronts):
            clash = next((port for port in wanted if port in taken), None)
            if clash is not None:
                yield (
                    _home(part),
                    f"{pool}, port {clash}",
                    f"{taken[clash]} listens there already: use another pool or port",
                )
            taken |= {port: part.place for port in wanted if port not in taken}


def _home(part: Part[object]) -> str:
    """The key of a stack's file that says where a part runs."""
    return f"applications.{part.application.name}.placement.pools.{part.name}"


def _ports(service: Part[Service]) -> Iterator[int]:
    shape = service.shape
    if shape.port is not None:
        yield from service.application.colours(service.name) or (shape.port,)
    if shape.front_port is not None and shape.routes:
        yield shape.front_port


def _images_fit(settings: Settings) -> Iterator[Fault]:
    stack = settings.stack
    wanted = {f"pools.{name}": pool.instance_type for name, pool in stack.pools.items()}
    wanted["operations"] = stack.operations.instance_type
    images = {"arm64": stack.images.arm64, "x86_64": stack.images.x86_64}
    for architecture, image in images.items():
        of = [f"{key} ({it})" for key, it in wanted.items() if architecture_of(it) == architecture]
        if of and image is None:
            yield (
                f"images.{architecture}",
                "missing",
                f"must be a Debian 13 image of that architecture: {', '.join(of)} needs it",
            )


def _runtimes_are_packed(settings: Settings) -> Iterator[Fault]:
    """Where hosts run Node of a major that Debian 13 lacks, or PM2, an archive is pinned."""
    lacking: dict[tuple[str, str], list[str]] = {}
    for pool, size in settings.stack.pools.items():
        architecture = architecture_of(size.instance_type)
        for service in settings.services_on(pool):
            for runtime in _archives(service.shape.runtime):
                packed = settings.stack.runtimes.get(runtime)
                if packed is None or architecture not in packed.sha256:
                    value = "missing" if packed is None else f"not packed for {architecture}"
                    lacking.setdefault((runtime, value), []).append(f"{service.place} on {pool}")
    for (runtime, value), services in lacking.items():
        wanted = f"needed for {', '.join(services)}: python -m bootstrap.runtimes --help"
        yield f"runtimes.{runtime}", value, wanted
    for runtime, packed in settings.stack.runtimes.items():
        name, _, major = runtime.partition("-")
        if major and packed.version.partition(".")[0] != major:
            yield (
                f"runtimes.{runtime}.version",
                shown(packed.version),
                f"must be one of {name} {major}",
            )


# Debian 13's own (packages.debian.org, nodejs in trixie).
DEBIAN_NODE = 20


def _archives(runtime: Runtime) -> Iterator[str]:
    if isinstance(runtime, Pm2 | Node) and runtime.node != DEBIAN_NODE:
        yield f"node-{runtime.node}"
    if isinstance(runtime, Pm2):
        yield "pm2"


# What was built for an older one runs on it too (packages.debian.org, openjdk in trixie).
DEBIAN_JAVA = 21


def _java_is_debians(settings: Settings) -> Iterator[Fault]:
    for pool in settings.stack.pools:
        for service in settings.services_on(pool):
            runtime = service.shape.runtime
            if isinstance(runtime, Java) and runtime.java > DEBIAN_JAVA:
                yield (
                    _home(service),
                    f"{pool}, Java {runtime.java}",
                    f"hosts have Java {DEBIAN_JAVA}: build for that or an older one, or use ecs",
                )


OF_STACK: tuple[StackCheck, ...] = (
    _services_have_a_home,
    _sites_have_a_home,
    _schedules_have_a_host,
    _stores_have_a_size,
    _overrides_fit,
    _ports_are_open_to_users,
    _ports_are_free,
    _images_fit,
    _runtimes_are_packed,
    _java_is_debians,
    _edge_fits,
    _files_are_on_hosts,
)
