"""One application: what it keeps, and its services where the stack places them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws

from components.alarms import (
    Alarms,
    AlarmsArgs,
    cache_alarms,
    database_alarms,
    dump_alarms,
    replica_alarms,
)
from components.bucket import Bucket, BucketArgs, CrossOrigin, Expiry
from components.cache import Cache, CacheArgs
from components.database import Database, DatabaseArgs
from components.database_access import (
    DatabaseAccess,
    DatabaseAccessArgs,
    DatabaseRole,
    username,
)
from components.ecs_cluster import EcsCluster
from components.fargate_service import FargateService, FargateServiceArgs
from components.firewall import ANYWHERE, Firewall, FirewallArgs, Group, Passage, PrefixList
from components.host_fleet import HostFleet
from components.hosted_service import HostedService, HostedServiceArgs
from components.image import Image, ImageArgs
from components.network import Network
from components.permissions import (
    Statement,
    decrypt,
    encrypt,
    list_objects,
    manage_objects,
    read_secrets,
)
from components.registry import Registry, RegistryArgs
from components.secret import Generated, Secret, SecretArgs, Supplied, TwoKeys
from components.variables import Facts, StoreFacts, reads, resolve
from components.workload import SecretReference, Workload
from settings import application as wanted
from settings.secrets import configuration_key
from settings.stack import (
    CacheSize,
    DatabaseSize,
    EcsPlacement,
    FargateSize,
    HostsPlacement,
    Rotation,
)
from settings.tree import Settings

# Extensions that the server must load before it can create them (RDS user guide).
PRELOADED = ("pg_stat_statements", "pgaudit", "pg_cron", "pglogical")
# AWS's own services and the network's gateway to S3 answer here.
HTTPS = 443


@dataclass(frozen=True, kw_only=True)
class DatabaseAccesses:
    """What the operations instance needs to bring a database into shape."""

    database_name: str
    administrator_secret_arn: pulumi.Output[str]
    backup_user: str
    secret_arns: dict[str, pulumi.Output[str]]  # role -> secret


@dataclass(frozen=True, kw_only=True)
class ApplicationArgs:
    settings: Settings
    network: Network
    key_arn: pulumi.Input[str]
    log_bucket: pulumi.Input[str]
    topic_arn: pulumi.Input[str]
    operations_group_id: pulumi.Input[str]
    load_balancer_group_id: pulumi.Input[str] | None  # None: the stack has none
    fleets: Mapping[str, HostFleet]  # pool -> its hosts
    cluster: EcsCluster | None
    target_group_arns: Mapping[str, pulumi.Input[str]]  # application-service -> where it answers


class Application(pulumi.ComponentResource):
    """Reads its own secrets, reaches its own stores, and is reached on its own routes only."""

    secret_arns: dict[str, pulumi.Output[str]]
    bucket_names: dict[str, pulumi.Output[str]]
    buckets: dict[str, Bucket]
    databases: dict[str, Database]
    database_accesses: dict[str, DatabaseAccesses]
    workloads: dict[str, Workload]
    hosted: dict[str, HostedService]  # service or site -> what lets its hosts do what it needs
    migrating: Workload | None  # what brings the database along: as its owner, with no other secret

    def __init__(
        self, name: str, args: ApplicationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:compute:Application", name, None, opts)
        self._prefix = name
        self._args = args
        self._spec = args.settings.applications[name]
        self._placed = args.settings.placed(name)
        self._child = pulumi.ResourceOptions(parent=self)

        identities = self._identities()
        self.secret_arns = self._secrets()
        self.buckets = self._buckets()
        self.bucket_names = {key: bucket.name for key, bucket in self.buckets.items()}
        self.databases = {}
        self.database_accesses = {}
        stores = self._stores(identities)
        facts = Facts(
            hosts={host: args.settings.host_name(name, host) for host in self._spec.hosts},
            stores={key: facts for key, (facts, _) in stores.items()},
            buckets={
                key: {"name": bucket.name, "endpoint": self._objects_endpoint()}
                for key, bucket in self.buckets.items()
            },
            secrets=self.secret_arns,
            generations=self._generations(),
            stack={"name": args.settings.name, "region": args.settings.stack.region},
        )
        self.workloads = {
            service: self._workload(service, shape, facts)
            for service, shape in self._spec.services.items()
        }
        self.hosted = {}
        self.migrating = self._migrating(facts)
        self._passages(identities, {key: passage for key, (_, passage) in stores.items()})
        match self._placed.placement:
            case HostsPlacement(pools=pools):
                self._on_hosts(pools)
            case EcsPlacement() as placement:
                self._on_ecs(placement, identities)
        self.register_outputs({"buckets": self.bucket_names, "secrets": self.secret_arns})

    def _identities(self) -> dict[str, tuple[str, pulumi.Input[str]]]:
        """Service or site → who it is on the network: its pool's group; on ECS one of its own."""
        placement = self._placed.placement
        if isinstance(placement, HostsPlacement):
            return {
                part: (pool, self._args.fleets[pool].group_id)
                for part, pool in placement.pools.items()
            }
        return {service: (service, self._own_group(service)) for service in self._spec.services}

    def _own_group(self, service: str) -> pulumi.Output[str]:
        shape = self._spec.services[service]
        name = f"{self._prefix}-{service}"
        group = aws.ec2.SecurityGroup(
            name,
            vpc_id=self._args.network.vpc_id,
            description=f"{name}: tasks",
            opts=self._child,
        )
        Firewall(
            f"{name}-outside",
            FirewallArgs(
                group_id=group.id,
                ingress={},
                egress={
                    "objects": Passage(
                        peer=PrefixList(self._args.network.s3_prefix_list_id), port=HTTPS
                    ),
                    **{
                        str(port): Passage(peer=ANYWHERE, port=port)
                        for port in sorted({HTTPS, *(one.port for one in shape.egress)})
                    },
                },
            ),
            opts=self._child,
        )
        return group.id

    # What it keeps

    def _secrets(self) -> dict[str, pulumi.Output[str]]:
        return {
            key: Secret(
                f"{self._prefix}-{key.lower().replace('_', '-')}",
                SecretArgs(
                    description=f"{self._spec.title}: {key}",
                    content=self._content(key, secret),
                    key_arn=self._args.key_arn,
                    durable=self._args.settings.stack.durable,
                ),
                opts=self._child,
            ).arn
            for key, secret in self._spec.secrets.items()
        }

    def _content(self, key: str, secret: wanted.Secret) -> Generated | TwoKeys | Supplied:
        if isinstance(secret, wanted.SuppliedSecret):
            name = configuration_key(self._prefix, key)
            return Supplied(value=pulumi.Config().require_secret(name))
        generated = Generated(length=secret.bytes, alphabet=secret.format)
        if secret.rotate == "never":
            return generated
        stands = self._args.settings.rotation(self._prefix, key)
        return TwoKeys(of=generated, current=stands.current, accepted=stands.accepted)

    def _generations(self) -> dict[str, str]:
        """Two-key secret → which two keys it holds."""
        return {
            key: _generation(self._args.settings.rotation(self._prefix, key))
            for key, secret in self._spec.secrets.items()
            if isinstance(secret, wanted.GeneratedSecret) and secret.rotate == "two-key"
        }

    def _buckets(self) -> dict[str, Bucket]:
        return {
            key: Bucket(
                f"{self._prefix}-{key}",
                BucketArgs(
                    key_arn=self._args.key_arn,
                    durable=self._args.settings.stack.durable,
                    log_bucket=self._args.log_bucket,
                    expire=tuple(
                        Expiry(prefix=rule.prefix, days=rule.days) for rule in bucket.expire
                    ),
                    keep_replaced_days=bucket.noncurrent_days,
                    cross_origin=(
                        CrossOrigin(
                            origins=tuple(map(self._origin, bucket.cors.origins)),
                            methods=bucket.cors.methods,
                            expose=bucket.cors.expose,
                        )
                        if bucket.cors
                        else None
                    ),
                    # A bucket that the content network serves is told so by what serves it.
                    grants=None if bucket.host else (),
                ),
                opts=self._child,
            )
            for key, bucket in self._spec.buckets.items()
        }

    def _origin(self, origin: str) -> str:
        for host in self._spec.hosts:
            full = self._args.settings.host_name(self._prefix, host)
            origin = origin.replace(f"${{hosts.{host}}}", full)
        return origin

    def _objects_endpoint(self) -> str:
        return f"https://s3.{self._args.settings.stack.region}.amazonaws.com"

    def _stores(
        self, identities: Mapping[str, tuple[str, pulumi.Input[str]]]
    ) -> dict[str, tuple[StoreFacts, Passage]]:
        """What is known of each store, and the way to it."""
        made: dict[str, tuple[StoreFacts, Passage]] = {}
        for key, store in self._spec.stores.items():
            clients = {
                label: group
                for service, (label, group) in identities.items()
                if key in self._used(service, "stores")
            }
            size = self._placed.stores[key]
            match store, size:
                case wanted.Database(), DatabaseSize():
                    made[key] = self._database(key, store, size, clients)
                case wanted.Cache(), CacheSize():
                    made[key] = self._cache(key, store, size, clients)
                case _:
                    raise AssertionError(f"{key}: the settings let a {size.kind} stand for it")
        return made

    def _database(
        self,
        key: str,
        store: wanted.Database,
        size: DatabaseSize,
        clients: Mapping[str, pulumi.Input[str]],
    ) -> tuple[StoreFacts, Passage]:
        name = f"{self._prefix}-{key}"
        stack = self._args.settings.stack
        database = Database(
            name,
            DatabaseArgs(
                engine=store.kind,
                version=store.version,
                instance_class=size.instance_class,
                storage_gb=size.storage_gb,
                storage_ceiling_gb=size.max_storage_gb or 2 * size.storage_gb,
                durable=stack.durable,
                standby=size.multi_az,
                zone=size.zone and f"{stack.region}{size.zone}",
                replicas=size.replicas,
                parameters=_parameters(store),
                backup_days=size.backup_days,
                backup_window=size.backup_window,
                maintenance_window=size.maintenance_window,
                vpc_id=self._args.network.vpc_id,
                subnet_ids=list(self._args.network.subnet_ids["isolated"].values()),
                clients={**clients, "operations": self._args.operations_group_id},
                key_arn=self._args.key_arn,
                log_days=self._spec.logs.keep_days,
            ),
            opts=self._child,
        )
        rotations = {
            role: self._args.settings.rotation(self._prefix, f"stores.{key}.{role}")
            for role in (store.owner, *store.roles, "backup")
        }
        usernames = {
            store.owner: store.owner,
            **{role: username(role, rotations[role].current) for role in store.roles},
            "backup": f"{store.owner}_backup"[:32],
        }
        readers = {role for role, of in store.roles.items() if of.rights == "read"}
        database_name = size.name or store.name
        secret_arns = DatabaseAccess(
            f"{name}-roles",
            DatabaseAccessArgs(
                engine=store.kind,
                port=database.port,
                database=database_name,
                roles={
                    role: DatabaseRole(
                        username=of,
                        host=database.reader_host if role in readers else database.host,
                        generation=rotations[role].current,
                        accepted=rotations[role].accepted,
                    )
                    for role, of in usernames.items()
                },
                key_arn=self._args.key_arn,
                durable=stack.durable,
                url_options={option: str(value) for option, value in store.url_parameters.items()},
            ),
            opts=self._child,
        ).secret_arns
        self.databases[key] = database
        self.database_accesses[key] = DatabaseAccesses(
            database_name=database_name,
            administrator_secret_arn=database.administrator_secret_arn,
            backup_user=usernames["backup"],
            secret_arns=secret_arns,
        )
        connections = store.parameters.get("max_connections")
        Alarms(
            name,
            AlarmsArgs(
                topic_arn=self._args.topic_arn,
                alarms={
                    **database_alarms(
                        database.identifier,
                        storage_gb=size.storage_gb,
                        connections=connections if isinstance(connections, int) else None,
                    ),
                    **{
                        f"{replica}-{measure}": alarm
                        for replica, identifier in database.replica_identifiers.items()
                        for measure, alarm in replica_alarms(identifier).items()
                    },
                    **(
                        dump_alarms(
                            self._args.settings.name, name, drills=store.dump.drill is not None
                        )
                        if store.dump
                        else {}
                    ),
                },
            ),
            opts=self._child,
        )
        facts = StoreFacts(
            plain={
                "host": database.host,
                "port": str(database.port),
                "name": database_name,
                "reader_host": database.reader_host,
            },
            secret_arns=secret_arns,
            usernames=usernames,
            generations={
                role: str(stands.current)
                for role, stands in rotations.items()
                if stands.current > 1
            },
        )
        return facts, Passage(peer=Group(database.group_id), port=database.port)

    def _cache(
        self,
        key: str,
        store: wanted.Cache,
        size: CacheSize,
        clients: Mapping[str, pulumi.Input[str]],
    ) -> tuple[StoreFacts, Passage]:
        name = f"{self._prefix}-{key}"
        cache = Cache(
            name,
            CacheArgs(
                version=store.version,
                node_type=size.node_type,
                replicas=size.nodes - 1,
                policy=store.policy,
                durable=self._args.settings.stack.durable,
                snapshot_days=store.keep_snapshots_days,
                snapshot_window=size.snapshot_window,
                maintenance_window=size.maintenance_window,
                vpc_id=self._args.network.vpc_id,
                subnet_ids=list(self._args.network.subnet_ids["isolated"].values()),
                clients={**clients, "operations": self._args.operations_group_id},
                key_arn=self._args.key_arn,
                log_days=self._spec.logs.keep_days,
            ),
            opts=self._child,
        )
        Alarms(
            name,
            AlarmsArgs(
                topic_arn=self._args.topic_arn,
                alarms={
                    f"{node}-{measure}": alarm
                    for node, node_id in cache.node_ids.items()
                    for measure, alarm in cache_alarms(node_id).items()
                },
            ),
            opts=self._child,
        )
        facts = StoreFacts(
            plain={
                "host": cache.host,
                "port": str(cache.port),
                "reader_host": cache.reader_host,
            },
            secret_arns={"": cache.secret_arn},
            usernames={},
        )
        return facts, Passage(peer=Group(cache.group_id), port=cache.port)

    # What runs

    def _environment(self, part: str) -> dict[str, wanted.Value]:
        """A site has no variables: what it knows was fixed when it was built."""
        if part in self._spec.sites:
            return {}
        return {
            **self._spec.services[part].environment,
            **self._placed.environment.get(part, {}),
        }

    def _used(self, service: str, kind: str) -> set[str]:
        """The stores or buckets that a service's variables refer to: what it may reach."""
        return {
            reference.name
            for value in self._environment(service).values()
            for reference in reads(value, self._spec)
            if reference.kind == kind
        }

    def _workload(self, service: str, shape: wanted.Service, facts: Facts) -> Workload:
        values = {
            key: resolve(value, self._spec, facts)
            for key, value in self._environment(service).items()
        }
        secret = {key: one for key, one in values.items() if isinstance(one, SecretReference)}
        secret |= {
            f"{key}_PREVIOUS": replace(one, field="previous")
            for key, one in secret.items()
            if one.field == "current"
        }
        return Workload(
            application=self._prefix,
            service=service,
            shape=shape,
            plain={key: one for key, one in values.items() if not isinstance(one, SecretReference)},
            secret=secret,
            statements=dict(self._statements(service, secret)),
            version=self._args.settings.stack.releases.get(self._prefix),
        )

    def _migrating(self, facts: Facts) -> Workload | None:
        """The service that brings its database along: whatever names a role there is the owner."""
        migration = self._spec.migration
        if migration is None:
            return None
        store = migration.store
        owner = self._spec.databases[store].owner
        known = facts.stores[store]
        as_owner = StoreFacts(
            plain=known.plain,
            secret_arns=dict.fromkeys(known.secret_arns, known.secret_arns[owner]),
            usernames=dict.fromkeys(known.usernames, known.usernames[owner]),
        )
        workload = self._workload(
            migration.service,
            self._spec.services[migration.service],
            replace(facts, stores={**facts.stores, store: as_owner}),
        )
        # Of its secrets the database's alone.
        names = {
            variable
            for variable, value in self._environment(migration.service).items()
            for reference in reads(value, self._spec)
            if reference.kind == "stores" and reference.name == store
        }
        secret = {variable: one for variable, one in workload.secret.items() if variable in names}
        return replace(workload, secret=secret, statements={})

    def _statements(
        self, service: str, secret: Mapping[str, SecretReference]
    ) -> Iterator[tuple[str, Statement]]:
        if secret:
            arns = list({id(one.arn): one.arn for one in secret.values()}.values())
            yield "secrets", read_secrets(arns)
            yield "decrypt", decrypt(self._args.key_arn)
        used = sorted(self._used(service, "buckets"))
        for key in used:
            yield f"objects-{key}", manage_objects(self.buckets[key].arn)
            yield f"list-{key}", list_objects(self.buckets[key].arn)
        if used:
            yield "encrypt", encrypt(self._args.key_arn)

    def _passages(
        self,
        identities: Mapping[str, tuple[str, pulumi.Input[str]]],
        ways: Mapping[str, Passage],
    ) -> None:
        """The chain load balancer → service → store, and from operations to every store."""
        egress: dict[str, dict[str, Passage]] = {}
        ingress: dict[str, dict[str, Passage]] = {}
        groups: dict[str, pulumi.Input[str]] = {}
        balancer = self._args.load_balancer_group_id
        for service, (label, group) in identities.items():
            groups[label] = group
            for store in sorted(self._used(service, "stores")):
                egress.setdefault(label, {})[store] = ways[store]
            port = self._answers_at(service)
            if port is not None and balancer is not None:
                ingress.setdefault(label, {})[f"load-balancer-{service}"] = Passage(
                    peer=Group(balancer), port=port
                )
                Firewall(
                    f"{self._prefix}-{service}-balanced",
                    FirewallArgs(
                        group_id=balancer,
                        ingress={},
                        egress={f"{self._prefix}-{service}": Passage(peer=Group(group), port=port)},
                    ),
                    opts=self._child,
                )
        for label, group in groups.items():
            Firewall(
                f"{self._prefix}-on-{label}",
                FirewallArgs(
                    group_id=group,
                    ingress=ingress.get(label, {}),
                    egress=egress.get(label, {}),
                ),
                opts=self._child,
            )
        Firewall(
            f"{self._prefix}-operations",
            FirewallArgs(group_id=self._args.operations_group_id, ingress={}, egress=ways),
            opts=self._child,
        )

    def _answers_at(self, part: str) -> int | None:
        """The port that a load balancer asks: nginx's on hosts, the service's own on ECS."""
        if part in self._spec.sites:
            return self._spec.sites[part].front_port
        shape = self._spec.services[part]
        if not shape.routes:
            return None
        hosted = isinstance(self._placed.placement, HostsPlacement)
        return shape.front_port if hosted else shape.port

    def _on_hosts(self, pools: Mapping[str, str]) -> None:
        for part, pool in pools.items():
            name = f"{self._prefix}-{part}"
            fleet = self._args.fleets[pool]
            workload = self.workloads.get(part)
            self.hosted[part] = HostedService(
                name,
                HostedServiceArgs(
                    statements=workload.statements if workload else {},
                    role_name=fleet.role_name,
                    hosts=fleet.hosts,
                    target_group_arn=self._args.target_group_arns.get(name),
                ),
                opts=self._child,
            )

    def _on_ecs(
        self,
        placement: EcsPlacement,
        identities: Mapping[str, tuple[str, pulumi.Input[str]]],
    ) -> None:
        cluster = self._args.cluster
        assert cluster is not None, "the platform makes a cluster wherever a placement is ecs"
        for service, size in placement.services.items():
            name = f"{self._prefix}-{service}"
            registry = (
                Registry(
                    name,
                    RegistryArgs(
                        key_arn=self._args.key_arn,
                        keep=10,
                        durable=self._args.settings.stack.durable,
                    ),
                    opts=self._child,
                )
                if size.image is None
                else None
            )
            image = self._image(service, size, placement, registry)
            # Nothing is released yet: the load balancer answers 503 for it.
            if image is None:
                continue
            FargateService(
                name,
                FargateServiceArgs(
                    workload=self.workloads[service],
                    image=image,
                    repository_arn=registry.arn if registry else None,
                    cpu=size.cpu,
                    memory_mb=size.memory_mb,
                    count=size.count,
                    max_count=size.max_count,
                    cpu_target_percent=size.cpu_target_percent,
                    architecture=placement.architecture,
                    spot=size.spot,
                    cluster_arn=cluster.arn,
                    cluster_name=cluster.name,
                    region=self._args.settings.stack.region,
                    subnet_ids=list(self._args.network.subnet_ids["private"].values()),
                    group_id=identities[service][1],
                    target_group_arn=self._args.target_group_arns.get(name),
                    key_arn=self._args.key_arn,
                    log_days=self._spec.logs.keep_days,
                ),
                opts=self._child,
            )

    def _image(
        self,
        service: str,
        size: FargateSize,
        placement: EcsPlacement,
        registry: Registry | None,
    ) -> pulumi.Input[str] | None:
        version = self.workloads[service].version
        if size.image is not None:
            return size.image
        if not size.build or version is None or registry is None:
            return None
        shape = self._spec.services[service]
        return Image(
            f"{self._prefix}-{service}",
            ImageArgs(
                template=f"images/{shape.runtime.kind}.Dockerfile",
                context=f"artifacts/{self._prefix}/{service}/{version}",
                version=version,
                architecture=placement.architecture,
                build_environment={
                    "START": getattr(shape.runtime, "start", ""),
                    "PORT": str(shape.port or ""),
                },
                repository_url=registry.url,
            ),
            opts=self._child,
        ).digest


def _generation(rotation: Rotation) -> str:
    return f"{rotation.current}, accepts {rotation.accepted}"


def _parameters(store: wanted.Database) -> dict[str, str | int | float]:
    """The server's parameters, with what its extensions and the slow-query log need."""
    parameters: dict[str, str | int | float] = dict(store.parameters)
    if store.kind == "postgres":
        loaded = {"pg_stat_statements", *store.extensions} & set(PRELOADED)
        parameters.setdefault("shared_preload_libraries", ",".join(sorted(loaded)))
        if store.slow_query_ms is not None:
            parameters.setdefault("log_min_duration_statement", store.slow_query_ms)
    elif store.slow_query_ms is not None:
        parameters.setdefault("long_query_time", store.slow_query_ms / 1000)
    return parameters
