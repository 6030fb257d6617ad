"""One application: what it keeps, and its services where the stack places them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pulumi

from components.alarms import Alarms
from components.bucket import Bucket, BucketArgs, CrossOrigin, Expiry
from components.database import Database
from components.ecs_cluster import EcsCluster
from components.firewall import Firewall, FirewallArgs, Group, Passage
from components.host_fleet import HostFleet
from components.hosted_service import HostedService, HostedServiceArgs
from components.network import Network
from components.permissions import (
    Statement,
    decrypt,
    encrypt,
    list_objects,
    manage_objects,
    read_secrets,
)
from components.secret import Generated, Secret, SecretArgs, Supplied, TwoKeys
from components.stores import DatabaseAccesses, Stores, StoresArgs
from components.tasks import Tasks, TasksArgs, own_group
from components.variables import Facts
from components.workload import SecretReference, Workload
from components.workloads import migrating, workload
from settings import application as wanted
from settings.part import Part
from settings.references import Kind
from settings.secrets import configuration_key
from settings.stack import EcsPlacement, HostsPlacement, Rotation
from settings.tree import Settings


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who a service or a site is on the network."""

    name: str
    group_id: pulumi.Input[str]


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
    alarms: dict[str, Alarms]  # store -> what watches it
    workloads: dict[str, Workload]
    hosted: dict[str, HostedService]  # service or site -> what lets its hosts do what it needs
    migrating: Workload | None  # what brings the database along: as its owner, with no other secret
    tasks: Tasks | None  # on ECS: what its services run as, once somebody starts them

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
        stores = Stores(
            name,
            StoresArgs(
                settings=args.settings,
                network=args.network,
                key_arn=args.key_arn,
                topic_arn=args.topic_arn,
                clients={store: self._clients(store, identities) for store in self._spec.stores},
            ),
            opts=self._child,
        )
        self.databases = stores.databases
        self.database_accesses = stores.accesses
        self.alarms = stores.alarms
        facts = Facts(
            hosts={host: args.settings.host_name(name, host) for host in self._spec.hosts},
            stores=stores.facts,
            buckets={
                key: {"name": bucket.name, "endpoint": self._objects_endpoint()}
                for key, bucket in self.buckets.items()
            },
            secrets=self.secret_arns,
            generations=self._generations(),
            stack={"name": args.settings.name, "region": args.settings.stack.region},
        )
        self.workloads = {
            service: self._workload(service, facts) for service in self._spec.services
        }
        self.hosted = {}
        self.migrating = migrating(args.settings, self._spec, facts)
        self._passages(identities, stores.ways)
        match self._placed.placement:
            case HostsPlacement(pools=pools):
                self._on_hosts(pools)
                self.tasks = None
            case EcsPlacement() as placement:
                self.tasks = self._on_ecs(placement, identities)
        self.register_outputs({"buckets": self.bucket_names, "secrets": self.secret_arns})

    def _identities(self) -> dict[str, Identity]:
        """Service or site → who it is on the network: its pool's group; on ECS one of its own."""
        placement = self._placed.placement
        if isinstance(placement, HostsPlacement):
            return {
                part: Identity(name=pool, group_id=self._args.fleets[pool].group_id)
                for part, pool in placement.pools.items()
            }
        return {
            service: Identity(
                name=service,
                group_id=own_group(self._service(service), self._args.network, self._child),
            )
            for service in self._spec.services
        }

    def _service(self, name: str) -> Part[wanted.Service]:
        return Part(application=self._spec, name=name, shape=self._spec.services[name])

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

    def _clients(
        self, store: str, identities: Mapping[str, Identity]
    ) -> dict[str, pulumi.Input[str]]:
        """Who reaches a store, by name: the parts whose variables refer to it, and operations."""
        parts = {
            one.name: one.group_id
            for part, one in identities.items()
            if store in self._used(part, "stores")
        }
        return {**parts, "operations": self._args.operations_group_id}

    # What runs

    def _used(self, part: str, kind: Kind) -> set[str]:
        return self._args.settings.used(self._prefix, part, kind)

    def _workload(self, name: str, facts: Facts) -> Workload:
        told = workload(self._args.settings, self._service(name), facts)
        return replace(told, statements=dict(self._statements(name, told.secret)))

    def _statements(
        self, service: str, secret: Mapping[str, SecretReference]
    ) -> Iterator[tuple[str, Statement]]:
        """What a service may do: read its secrets, and keep its objects."""
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
        identities: Mapping[str, Identity],
        ways: Mapping[str, Passage],
    ) -> None:
        """The chain load balancer → service → store, and from operations to every store."""
        egress: dict[str, dict[str, Passage]] = {}
        ingress: dict[str, dict[str, Passage]] = {}
        groups: dict[str, pulumi.Input[str]] = {}
        balancer = self._args.load_balancer_group_id
        for service, one in identities.items():
            label, group = one.name, one.group_id
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

    def _on_ecs(self, placement: EcsPlacement, identities: Mapping[str, Identity]) -> Tasks:
        cluster = self._args.cluster
        assert cluster is not None, "the platform makes a cluster wherever a placement is ecs"
        return Tasks(
            TasksArgs(
                settings=self._args.settings,
                placement=placement,
                network=self._args.network,
                cluster=cluster,
                key_arn=self._args.key_arn,
                workloads=self.workloads,
                migrating=self.migrating,
                group_ids={service: one.group_id for service, one in identities.items()},
                target_group_arns=self._args.target_group_arns,
            ),
            opts=self._child,
        )


def _generation(rotation: Rotation) -> str:
    return f"{rotation.current}, accepts {rotation.accepted}"
