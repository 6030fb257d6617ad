"""What must agree within an application file, within a stack file, and between the two."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import IPv4Network
from typing import Literal

from settings import references
from settings.application import (
    Application,
    Container,
    Dump,
    GeneratedSecret,
    Migration,
    Node,
    Pm2,
    Runtime,
    Service,
)
from settings.model import bytes_of, cron_fault
from settings.problem import Problem, shown
from settings.stack import (
    Bastion,
    DatabaseSize,
    EcsPlacement,
    HostEdge,
    HostsPlacement,
    Route53,
)
from settings.tree import GIB_OF_A_PROCESSOR, Settings, architecture_of, memory_of, processors_of

# Prefixes that bundlers bake into pages for everybody to read.
PUBLIC_PREFIXES = ("NEXT_PUBLIC_", "VITE_")
# They write new migrations, or empty the database, when it is not as they think.
INVENTS_MIGRATIONS = re.compile(
    r"\bmigrate[ :]dev\b|\bmigrate[ :]reset\b|\bdb[ :]push\b|\bmigrate[ :]make\b|--force-reset\b"
)
SECRET_NAME = re.compile(r"(SECRET|PASSWORD|PASS|TOKEN|API_KEY|PRIVATE_KEY|ACCESS_KEY)$")
# The range that the ALB's idle time-out and the hosts' addresses never share with a container
# engine's default bridge, and the link-local one that the metadata service lives in.
RESERVED = {
    IPv4Network("172.17.0.0/16"): "the default bridge of container engines",
    IPv4Network("169.254.0.0/16"): "link-local addresses, the metadata service among them",
    IPv4Network("127.0.0.0/8"): "the machine itself",
}


def problems(settings: Settings, other_networks: Mapping[str, str]) -> list[Problem]:
    """Every disagreement."""
    found: list[Problem] = []
    for name, application in settings.applications.items():
        file = f"apps/{name}.yaml"
        for check in APPLICATION_CHECKS:
            found += [_in(file, *fault) for fault in check(application)]
    file = f"Pulumi.{settings.name}.yaml"
    for check in STACK_CHECKS:
        found += [_in(file, f"groundwork:{key}", *rest) for key, *rest in check(settings)]
    found += [
        _in(file, f"groundwork:{key}", *rest)
        for key, *rest in _networks_apart(settings, other_networks)
    ]
    return found


Fault = tuple[str, str, str]
"""Key, value and what is allowed."""


def _in(file: str, key: str, value: str = "", allowed: str = "") -> Problem:
    return Problem(file=file, key=key, value=value, allowed=allowed)


# An application by itself


def _routes_lead_somewhere(application: Application) -> Iterator[Fault]:
    taken: dict[tuple[str, str], str] = {}
    routes = [
        (f"services.{name}.routes.{index}", route.host, route.path)
        for name, service in application.services.items()
        for index, route in enumerate(service.routes)
    ] + [(f"sites.{name}", site.host, site.path) for name, site in application.sites.items()]
    for key, host, path in routes:
        yield from _known(f"{key}.host", host, application.hosts, "hosts")
        if (host, path) in taken:
            yield key, f"{host}{path}", f"{taken[host, path]} has this route already"
        taken.setdefault((host, path), key)
    for name, bucket in application.buckets.items():
        if bucket.host is None:
            continue
        yield from _known(f"buckets.{name}.host", bucket.host, application.hosts, "hosts")
        if any(host == bucket.host for _, host, _ in routes):
            yield f"buckets.{name}.host", bucket.host, "must be a host that no route uses"


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
        port = service.environment.get("PORT")
        if port is not None and service.port is not None and str(port) != str(service.port):
            yield f"{key}.environment.PORT", shown(port), f"must be the port, {service.port}"


def _values_refer_to_what_is_there(application: Application) -> Iterator[Fault]:
    running = {f"services.{name}": one.environment for name, one in application.services.items()}
    parts = {
        **{f"services.{name}": one.build for name, one in application.services.items()},
        **{f"sites.{name}": one.build for name, one in application.sites.items()},
    }
    building = {f"{key}.build": build.environment for key, build in parts.items()}
    for key, variables in [*running.items(), *building.items()]:
        for variable, value in variables.items():
            for text in references.references_in(value):
                where = f"{key}.environment.{variable}"
                reference = references.parse(text, application)
                if isinstance(reference, str):
                    yield where, shown(value), reference
                elif reference.secret and key in building:
                    yield where, shown(value), "must be public: it is built into the artifact"
                elif reference.secret and value != f"${{{text}}}":
                    yield where, shown(value), "a secret must be the whole value"


def _origins_are_hosts(application: Application) -> Iterator[Fault]:
    for name, bucket in application.buckets.items():
        for index, origin in enumerate(bucket.cors.origins if bucket.cors else ()):
            key = f"buckets.{name}.cors.origins.{index}"
            if origin == "*":
                yield key, origin, "must name the origins: any site may use it otherwise"
            for text in references.references_in(origin):
                reference = references.parse(text, application)
                if isinstance(reference, str):
                    yield key, origin, reference
                elif reference.kind != "hosts":
                    yield key, origin, "must be https://${hosts.NAME}"


def _variables_are_where_they_work(application: Application) -> Iterator[Fault]:
    for name, service in application.services.items():
        for variable, value in service.environment.items():
            key = f"services.{name}.environment.{variable}"
            if variable.startswith(PUBLIC_PREFIXES):
                yield (
                    key,
                    "a variable of the build",
                    f"must stand in services.{name}.build.environment: it is fixed in the bundle",
                )
            elif (
                SECRET_NAME.search(variable)
                and isinstance(value, str)
                and value
                and not any(references.references_in(value))
            ):
                yield (
                    key,
                    "written out",
                    "must be a reference such as ${secrets.NAME}: no secret stands in a file",
                )


def rotating(application: Application) -> list[str]:
    """What make rotate can rotate, by its name under groundwork:rotations."""
    return [
        *(
            key
            for key, secret in application.secrets.items()
            if isinstance(secret, GeneratedSecret) and secret.rotate == "two-key"
        ),
        *(
            f"stores.{store}.{role}"
            for store, database in application.databases.items()
            for role in database.roles
        ),
    ]


def _previous_keys_have_a_variable(application: Application) -> Iterator[Fault]:
    two_keys = set(rotating(application))
    for name, service in application.services.items():
        for variable, value in service.environment.items():
            for text in references.references_in(value):
                kind, _, secret = text.partition(".")
                other = f"{variable}_PREVIOUS"
                if kind == "secrets" and secret in two_keys and other in service.environment:
                    yield (
                        f"services.{name}.environment.{other}",
                        "given",
                        f"must be left out: {secret} is two-key, and fills it",
                    )


def _migrates_in_one_way(migration: Migration) -> Iterator[Fault]:
    if migration.command is None and migration.sql is None:
        yield "migration", "neither command nor sql", "one of the two must say how it migrates"
    if migration.command is not None and migration.sql is not None:
        yield "migration.sql", "given beside command", "one of the two says how it migrates"
    if migration.sql is not None and migration.down is not None:
        yield (
            "migration.down",
            migration.down,
            "sql goes back by its own .down.sql files: leave out",
        )
    for key in ("command", "down", "seed"):
        command: str | None = getattr(migration, key)
        if command and (found := INVENTS_MIGRATIONS.search(command)):
            yield (
                f"migration.{key}",
                command,
                f"{found[0]} makes or drops what it likes: only existing migrations are applied "
                "(prisma migrate deploy, knex migrate:latest)",
            )


# What the platform lays down beside the files of a service.
OURS = ("environment", "secrets.json", "ecosystem.config.json")


def _files_replace_none_of_ours(application: Application) -> Iterator[Fault]:
    for name, service in application.services.items():
        for file in service.files:
            if file in OURS:
                yield f"services.{name}.files.{file}", "given", "is the platform's own: rename it"


def _parts_name_each_other(application: Application) -> Iterator[Fault]:
    if migration := application.migration:
        yield from _known("migration.service", migration.service, application.services, "services")
        yield from _known("migration.store", migration.store, application.databases, "databases")
        database = application.databases.get(migration.store)
        if migration.dump_first and database and database.dump is None:
            yield (
                "migration.dump_first",
                "true",
                f"stores.{migration.store}.dump must say where the dump goes",
            )
        yield from _migrates_in_one_way(migration)
    for name, schedule in application.schedules.items():
        key = f"schedules.{name}.service"
        yield from _known(key, schedule.service, application.services, "services")
    for name, store in application.databases.items():
        if store.dump:
            key = f"stores.{name}.dump.bucket"
            yield from _known(key, store.dump.bucket, application.buckets, "buckets")
            yield from _dump_fits(f"stores.{name}.dump", store.dump, application)
        if store.owner in store.roles:
            yield f"stores.{name}.roles.{store.owner}", "the owner", "must be another role"


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
            key = f"services.{name}.denied.{index}"
            if "*" in path or path.endswith("/"):
                yield key, path, "must be the beginning of a path, as /api/admin"
            elif not any(_covers(route.path, path) for route in service.routes):
                routes = ", ".join(route.path for route in service.routes) or "none"
                yield key, path, f"must lie under a route of its service, {routes}"


def _covers(route: str, path: str) -> bool:
    """Whether a route's pattern takes in all that begins with a path."""
    return route.endswith("*") and path.startswith(route.rstrip("*").rstrip("/"))


def _times_exist(application: Application) -> Iterator[Fault]:
    times = {f"schedules.{name}.at": one.at for name, one in application.schedules.items()}
    for name, store in application.databases.items():
        if store.dump:
            times[f"stores.{name}.dump.schedule"] = store.dump.schedule
            if store.dump.drill:
                times[f"stores.{name}.dump.drill"] = store.dump.drill
    for name, service in application.services.items():
        if isinstance(service.runtime, Pm2) and service.runtime.restart_at:
            times[f"services.{name}.runtime.restart_at"] = service.runtime.restart_at
    for key, text in times.items():
        if fault := cron_fault(text):
            yield key, shown(text), fault


def _dumps_are_apart(application: Application) -> Iterator[Fault]:
    """By place alone: what a database is called, a stack file may say otherwise."""
    taken: dict[tuple[str, str], str] = {}
    for name, store in application.databases.items():
        if store.dump is None:
            continue
        first = taken.setdefault((store.dump.bucket, store.dump.prefix), name)
        if first != name:
            yield (
                f"stores.{name}.dump.prefix",
                store.dump.prefix,
                f"must be another than that of stores.{first}, in the same bucket: each would "
                "take the other's dumps for its own",
            )


def _dump_fits(key: str, dump: Dump, application: Application) -> Iterator[Fault]:
    *_, day, month, weekday = dump.schedule.split()
    if {day, month, weekday} != {"*"} and not cron_fault(dump.schedule):
        yield (
            f"{key}.schedule",
            dump.schedule,
            "must be each day (0 2 * * *): an alarm misses a dump after 26 hours",
        )
    bucket = application.buckets.get(dump.bucket)
    if bucket is None:
        return
    # The longest that anything under the dumps' prefix is kept by the bucket's own rules.
    kept = [rule.days for rule in bucket.expire if f"{dump.prefix}/".startswith(rule.prefix)]
    if not kept or min(kept) != dump.keep_days:
        rules = min(kept, default=None)
        yield (
            f"{key}.keep_days",
            str(dump.keep_days),
            f"buckets.{dump.bucket}.expire keeps {dump.prefix}/ "
            f"{f'for {rules} days' if rules else 'for ever'}: both must say the same",
        )


def _queues_lose_nothing(application: Application) -> Iterator[Fault]:
    for name, store in application.caches.items():
        if store.queue and store.policy != "noeviction":
            yield f"stores.{name}.policy", shown(store.policy), "a queue must have noeviction"


APPLICATION_CHECKS: tuple[Callable[[Application], Iterable[Fault]], ...] = (
    _routes_lead_somewhere,
    _parts_have_names_of_their_own,
    _services_can_be_reached,
    _values_refer_to_what_is_there,
    _origins_are_hosts,
    _variables_are_where_they_work,
    _previous_keys_have_a_variable,
    _parts_name_each_other,
    _dumps_are_apart,
    _times_exist,
    _queues_lose_nothing,
    _colours_have_room,
    _closed_paths_are_within_routes,
    _files_replace_none_of_ours,
)


# A stack and its applications


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
                yield from _known(f"{key}.{part}", part, application.services, "services")
        if isinstance(placement, HostsPlacement):
            for service, pool in placement.pools.items():
                yield from _known(f"{key}.{service}", pool, settings.stack.pools, "pools")
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
            yield from _known(f"{key}.{store}", store, application.stores, "stores")


def _overrides_fit(settings: Settings) -> Iterator[Fault]:
    for name, application in settings.applications.items():
        for service, variables in settings.placed(name).environment.items():
            key = f"applications.{name}.environment.{service}"
            yield from _known(key, service, application.services, "services")
            if service in application.services:
                known = application.services[service].environment
                for variable in variables:
                    yield from _known(f"{key}.{variable}", variable, known, "environment")


def _heaps_are_of_java(settings: Settings) -> Iterator[Fault]:
    for name, application in settings.applications.items():
        for service, heap in settings.placed(name).heap.items():
            key = f"applications.{name}.heap.{service}"
            yield from _known(key, service, application.services, "services")
            if service in application.services and settings.heap(name, service) is None:
                yield key, heap, "must be absent: the service runs on no Java machine"


# What a machine needs beside its services, and a Java machine beside its heap (code, threads and
# buffers), in MiB.
SYSTEM_MEMORY = 512
BESIDE_A_HEAP = 256


def _memory_suffices(settings: Settings) -> Iterator[Fault]:
    """Everything that may be running on a host at once fits it, both colours of a release too."""
    for pool, size in settings.stack.pools.items():
        wanted = {
            f"{name}.{service}": memory
            for name, service, shape in settings.services_on(pool)
            if (memory := _memory(settings, name, service, shape, size.instance_type))
        }
        if not wanted:
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


def _memory(
    settings: Settings, application: str, service: str, shape: Service, instance_type: str
) -> int:
    """MiB that a service may take on one host; 0 where it states no limit."""
    runtime = shape.runtime
    colours = 2 if settings.applications[application].colours(service) else 1
    heap = settings.heap(application, service)
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


def _seeds_are_asked_for(settings: Settings) -> Iterator[Fault]:
    for name, application in settings.applications.items():
        if not settings.placed(name).seed:
            continue
        key = f"applications.{name}.seed"
        if settings.stack.durable:
            yield (
                key,
                "true",
                f"must be false on a durable stack: make seed APP={name} runs it once",
            )
        elif application.migration is None or application.migration.seed is None:
            yield key, "true", f"apps/{name}.yaml has no migration.seed"


def _rotations_fit(settings: Settings) -> Iterator[Fault]:
    for name, rotations in settings.stack.rotations.items():
        yield from _known(f"rotations.{name}", name, settings.applications, "applications")
        if name not in settings.applications:
            continue
        known = dict.fromkeys(rotating(settings.applications[name]))
        for secret, rotation in rotations.items():
            key = f"rotations.{name}.{secret}"
            yield from _known(key, secret, known, "secrets that can be rotated")
            beside = {0, rotation.current - 1}
            # A database takes a password by itself: nobody has to know it beforehand.
            if not secret.startswith("stores."):
                beside.add(rotation.current + 1)
            if rotation.accepted not in beside:
                yield (
                    f"{key}.accepted",
                    str(rotation.accepted),
                    f"must be {' or '.join(map(str, sorted(beside)))}: a generation next to the "
                    "current one, or 0 for none",
                )


def _ports_are_free(settings: Settings) -> Iterator[Fault]:
    for pool in settings.stack.pools:
        taken: dict[int, str] = {}
        for name, service, of in settings.services_on(pool):
            ports = list(_ports(of, settings.applications[name].colours(service)))
            clash = next((port for port in ports if port in taken), None)
            if clash is not None:
                yield (
                    f"applications.{name}.placement.pools.{service}",
                    f"{pool}, port {clash}",
                    f"{taken[clash]} listens there already: use another pool or port",
                )
            taken |= {port: f"{name}.{service}" for port in ports if port not in taken}
        for name, site, shape in settings.sites_on(pool):
            if shape.front_port in taken:
                yield (
                    f"applications.{name}.placement.pools.{site}",
                    f"{pool}, port {shape.front_port}",
                    f"{taken[shape.front_port]} listens there already: use another pool or port",
                )
            taken.setdefault(shape.front_port, f"{name}.{site}")


def _ports(service: Service, colours: tuple[int, int] | None) -> Iterator[int]:
    if service.port is not None:
        yield from colours or (service.port,)
    if service.front_port is not None and service.routes:
        yield service.front_port


def _names_are_apart(settings: Settings) -> Iterator[Fault]:
    taken: dict[str, str] = {}
    for name, application in settings.applications.items():
        for host in application.hosts:
            full = settings.host_name(name, host)
            if full in taken:
                key = f"applications.{name}.domain"
                yield key, full, f"{taken[full]} answers for this name already"
            taken.setdefault(full, name)


def _releases_belong_to_applications(settings: Settings) -> Iterator[Fault]:
    for name in settings.stack.releases:
        yield from _known(f"releases.{name}", name, settings.applications, "applications")


def _zones_exist(settings: Settings) -> Iterator[Fault]:
    zones = settings.stack.network.zones
    if len(set(zones)) != len(zones):
        yield "network.zones", shown(list(zones)), "each zone once"
    yield from _zone("operations.zone", settings.stack.operations.zone, zones)
    for name in settings.applications:
        for store, size in settings.placed(name).stores.items():
            if isinstance(size, DatabaseSize):
                key = f"applications.{name}.stores.{store}.zone"
                yield from _zone(key, size.zone, zones)
                if size.zone and size.multi_az:
                    yield key, size.zone, "must be absent where multi_az chooses the zones"


def _zone(key: str, zone: str | None, zones: tuple[str, ...]) -> Iterator[Fault]:
    if zone is not None and zone not in zones:
        yield key, zone, f"must be one of network.zones, {', '.join(zones)}"


def _outside_can_be_reached(settings: Settings) -> Iterator[Fault]:
    if settings.stack.network.nat != "none":
        return
    for name, application in settings.applications.items():
        for service, of in application.services.items():
            if of.egress:
                hosts = ", ".join(egress.host for egress in of.egress)
                yield (
                    "network.nat",
                    "none",
                    f"{name}.{service} calls {hosts}: must be single or per-zone",
                )
                return


def _images_fit(settings: Settings) -> Iterator[Fault]:
    stack = settings.stack
    wanted = {f"pools.{name}": pool.instance_type for name, pool in stack.pools.items()}
    wanted["operations"] = stack.operations.instance_type
    for key, instance_type in wanted.items():
        architecture = architecture_of(instance_type)
        image = stack.images.arm64 if architecture == "arm64" else stack.images.x86_64
        if image is None:
            yield (
                f"images.{architecture}",
                "missing",
                f"{key} is a {instance_type} and needs a Debian 13 image of that architecture",
            )


def _runtimes_are_packed(settings: Settings) -> Iterator[Fault]:
    """Where hosts run Node of a major that Debian 13 lacks, or PM2, an archive is pinned."""
    for pool, size in settings.stack.pools.items():
        architecture = architecture_of(size.instance_type)
        for name, service, shape in settings.services_on(pool):
            for runtime in _archives(shape.runtime):
                packed = settings.stack.runtimes.get(runtime)
                if packed is None or architecture not in packed.sha256:
                    yield (
                        f"runtimes.{runtime}",
                        "missing" if packed is None else f"not packed for {architecture}",
                        f"{name}.{service} needs it on {pool}: python -m bootstrap.runtimes --help",
                    )


# Debian 13's own (packages.debian.org, nodejs in trixie).
DEBIAN_NODE = 20


def _archives(runtime: Runtime) -> Iterator[str]:
    if isinstance(runtime, Pm2 | Node) and runtime.node != DEBIAN_NODE:
        yield f"node-{runtime.node}"
    if isinstance(runtime, Pm2):
        yield "pm2"


def _edge_fits(settings: Settings) -> Iterator[Fault]:
    edge = settings.stack.edge
    if not isinstance(edge, HostEdge):
        return
    yield from _known("edge.pool", edge.pool, settings.stack.pools, "pools")
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
        elif any(home != edge.pool for home in placement.pools.values()):
            key = f"applications.{name}.placement.pools"
            yield key, shown(dict(placement.pools)), f"edge host answers for {edge.pool} alone"


def _domains_are_ours(settings: Settings) -> Iterator[Fault]:
    dns = settings.stack.dns
    if not isinstance(dns, Route53):
        return
    for name in settings.applications:
        domain = settings.placed(name).domain
        if not any(domain == zone or domain.endswith(f".{zone}") for zone in dns.zones):
            key = f"applications.{name}.domain"
            yield key, domain, f"must be or lie under a zone of dns.zones, {', '.join(dns.zones)}"


def _access_is_narrow(settings: Settings) -> Iterator[Fault]:
    access = settings.stack.access
    if not isinstance(access, Bastion):
        return
    for index, cidr in enumerate(access.allowed_from):
        # Shorter prefixes than these are whole providers, not a team's addresses.
        if cidr.prefixlen < 16:
            yield (
                f"access.allowed_from.{index}",
                str(cidr),
                "must be the team's own addresses: a prefix of /16 or longer",
            )


def _regions_are_two(settings: Settings) -> Iterator[Fault]:
    if settings.stack.region == settings.stack.recovery_region:
        yield "recovery_region", settings.stack.region, "must be another region than region"


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


STACK_CHECKS: tuple[Callable[[Settings], Iterable[Fault]], ...] = (
    _services_have_a_home,
    _sites_have_a_home,
    _schedules_have_a_host,
    _stores_have_a_size,
    _overrides_fit,
    _heaps_are_of_java,
    _memory_suffices,
    _pools_fit_the_server,
    _seeds_are_asked_for,
    _rotations_fit,
    _ports_are_free,
    _names_are_apart,
    _releases_belong_to_applications,
    _zones_exist,
    _outside_can_be_reached,
    _images_fit,
    _runtimes_are_packed,
    _edge_fits,
    _domains_are_ours,
    _access_is_narrow,
    _regions_are_two,
    _files_are_on_hosts,
)


def _networks_apart(settings: Settings, others: Mapping[str, str]) -> Iterator[Fault]:
    own = settings.stack.network.cidr
    ranges: dict[str, list[IPv4Network]] = defaultdict(list)
    for reserved, use in RESERVED.items():
        ranges[use].append(reserved)
    for file, cidr in others.items():
        try:
            ranges[f"the network of {file}"].append(IPv4Network(cidr))
        except ValueError:
            continue  # That stack's own run says so.
    for use, networks in ranges.items():
        for network in networks:
            if own.overlaps(network):
                yield "network.cidr", str(own), f"must not overlap {network}, {use}"


def _known(key: str, name: str, known: Mapping[str, object], what: str) -> Iterator[Fault]:
    if name not in known:
        yield key, shown(name), f"{what} are {', '.join(known) or 'none'}"
