"""Hosts made what they shall be, over SSH, and the releases on them: after everything else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.application import Application
from components.application_edge import PublishedAt
from components.foundation import Foundation
from components.host_facts import (
    Asked,
    DatabaseFacts,
    HostFacts,
    OperationsFacts,
    Told,
    ask_place,
)
from components.host_fleet import Host, HostFleet
from components.host_releases import rotation_seconds
from components.host_roles import database_roles, jump_host_roles, pool_roles
from components.subnets import share_out
from hosts.configuration import HostConfiguration, HostConfigurationArgs
from hosts.connection import Connection, JumpHost, forwarded_port, published_key
from hosts.release import Release, ReleaseArgs, ReleasedHost
from hosts.steps import Role
from settings.secrets import DEPLOY_KEY
from settings.stack import Bastion, CdnEdge, HostEdge, HostsPlacement
from settings.tree import Settings

# Staging, the slowest start that is waited for twice (there and back), and the way in and out.
SECONDS_BESIDE = 120


@dataclass(frozen=True, kw_only=True)
class HostSetupArgs:
    settings: Settings
    foundation: Foundation
    fleets: Mapping[str, HostFleet]
    applications: Mapping[str, Application]
    published: Mapping[
        str, Mapping[str, PublishedAt]
    ]  # application -> site -> where the CDN has it
    granted: Sequence[pulumi.Resource]  # what the operations instance may do
    named: Sequence[pulumi.Resource]  # public names, which an ACME authority asks by


class HostSetup(pulumi.ComponentResource):
    """All hosts side by side; then each application's release, host by host."""

    ready: dict[str, list[pulumi.Resource]]  # application -> what its tasks on ECS wait for

    def __init__(
        self, name: str, args: HostSetupArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:hosts:HostSetup", name, None, opts)
        self._settings = args.settings
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._deploy_key = pulumi.Config().require_secret(DEPLOY_KEY)

        # Its firewall first: one that starts under a connection which passes through cuts it off.
        jump_host = self._jump_host_configured(f"{name}-operations")
        operations = self._databases(f"{name}-databases", jump_host)
        hosts = {
            key: self._host(pool, key, host, jump_host)
            for pool, fleet in args.fleets.items()
            for key, host in fleet.hosts.items()
        }
        configured: list[pulumi.Resource] = [operations.configuration]
        self.ready = dict.fromkeys(args.applications, configured)
        for application, version in args.settings.stack.releases.items():
            self._release(application, version, hosts, operations)
        self.register_outputs({})

    # How hosts are reached

    def _jump_host(self) -> JumpHost:
        operations = self._args.foundation.operations
        key = self._host_key(operations.instance_id)
        if isinstance(self._settings.stack.access, Bastion):
            return JumpHost(address=operations.public_address or "", host_key=key)
        # A port of this machine that leads there, for as long as the run lasts.
        region = self._settings.stack.region
        address, port = forwarded_port(operations.instance_id, region, after=key)
        return JumpHost(address=address, host_key=key, port=port)

    def _connection_to_operations(self) -> Connection:
        jump = self._jump_host()
        return Connection(
            address=jump.address,
            host_key=jump.host_key,
            port=jump.port,
            user=self._settings.stack.images.user,
            private_key=self._deploy_key,
        )

    def _connection_to(self, host: Host) -> Connection:
        return Connection(
            address=host.private_ip,
            host_key=self._host_key(host.instance_id),
            user=self._settings.stack.images.user,
            private_key=self._deploy_key,
            jump_host=self._jump_host(),
        )

    def _host_key(self, instance_id: pulumi.Output[str]) -> pulumi.Output[str]:
        return published_key(self._settings.name, instance_id, pulumi.InvokeOptions(parent=self))

    # What they shall be

    def _host(self, pool: str, key: str, host: Host, jump_host: ReleasedHost) -> ReleasedHost:
        settings = self._settings
        services = list(settings.services_on(pool))
        workloads = {
            service.key: self._args.applications[service.application.name].workloads[service.name]
            for service in services
        }
        subnets = self._load_balancer_subnets()
        first = key == next(iter(self._args.fleets[pool].hosts))
        certified = settings.answers_the_world(pool)

        def roles(told: Told) -> Sequence[Role]:
            return pool_roles(settings, pool, HostFacts.read(told), subnets, first=first)

        return self._configured(
            key,
            connection=self._connection_to(host),
            instance_id=host.instance_id,
            facts=HostFacts.ask(self._args.foundation.operations.private_address, workloads),
            roles=roles,
            # A host fetches only what its role may read already.
            after=[
                jump_host.configuration,
                *(
                    self._args.applications[part.application.name].hosted[part.name]
                    for part in (*services, *settings.sites_on(pool))
                ),
                *(self._args.named if certified else ()),
            ],
        )

    def _jump_host_configured(self, name: str) -> ReleasedHost:
        settings = self._settings
        access = settings.stack.access
        openings = tuple(map(str, access.allowed_from)) if isinstance(access, Bastion) else ()
        return self._configured(
            name,
            connection=self._connection_to_operations(),
            instance_id=self._args.foundation.operations.instance_id,
            facts={},
            roles=lambda _: jump_host_roles(settings, openings),
            after=[],
        )

    def _databases(self, name: str, jump_host: ReleasedHost) -> ReleasedHost:
        settings = self._settings
        return self._configured(
            name,
            connection=self._connection_to_operations(),
            instance_id=self._args.foundation.operations.instance_id,
            facts=OperationsFacts.ask(
                self._args.foundation.key_arn,
                databases={
                    f"{key}-{store}": DatabaseFacts.ask(accesses, self._dump_bucket(key, store))
                    for key, application in self._args.applications.items()
                    for store, accesses in application.database_accesses.items()
                },
                migrations={
                    key: workload
                    for key, application in self._args.applications.items()
                    if (workload := application.migrating) is not None
                },
                tasks={
                    key: ask_place(application.tasks.migration, settings.stack.region)
                    for key, application in self._args.applications.items()
                    if application.tasks and application.tasks.migration
                },
                sites=self._args.published,
            ),
            roles=lambda told: database_roles(settings, OperationsFacts.read(told)),
            after=[jump_host.configuration, *self._args.granted],
        )

    def _dump_bucket(self, application: str, store: str) -> pulumi.Output[str] | None:
        dump = self._settings.applications[application].databases[store].dump
        return self._args.applications[application].bucket_names[dump.bucket] if dump else None

    def _configured(
        self,
        name: str,
        *,
        connection: Connection,
        instance_id: pulumi.Output[str],
        facts: Asked,
        roles: Callable[[Told], Sequence[Role]],
        after: Sequence[pulumi.Resource],
    ) -> ReleasedHost:
        configuration = HostConfiguration(
            name,
            HostConfigurationArgs(
                connection=connection, instance_id=instance_id, facts=facts, roles=roles
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )
        return ReleasedHost(
            connection=connection, instance_id=instance_id, configuration=configuration
        )

    def _load_balancer_subnets(self) -> tuple[str, ...]:
        stack = self._settings.stack
        if isinstance(stack.edge, HostEdge):
            return ()
        internal = isinstance(stack.edge, CdnEdge) and stack.edge.origin == "vpc"
        tiers = share_out(str(stack.network.cidr), stack.network.zones)
        return tuple(str(subnet) for subnet in tiers["private" if internal else "public"].values())

    # What they serve

    def _release(
        self,
        application: str,
        version: str,
        hosts: Mapping[str, ReleasedHost],
        operations: ReleasedHost,
    ) -> None:
        settings = self._settings
        placement = settings.placed(application).placement
        if not isinstance(placement, HostsPlacement):
            self._migrated(application, operations)
            return
        pools = dict.fromkeys(placement.pools.values())
        spec = settings.applications[application]
        slowest = max(
            (
                shape.startup_seconds + shape.steady_seconds + shape.stop_seconds
                for shape in spec.services.values()
            ),
            default=0,
        )
        rotation = max(sum(rotation_seconds(settings, pool, application)) for pool in pools)
        Release(
            application,
            ReleaseArgs(
                application=application,
                version=version,
                hosts={key: hosts[key] for pool in pools for key in self._args.fleets[pool].hosts},
                migration=operations if spec.migration else None,
                after=[operations.configuration] if spec.databases and not spec.migration else [],
                publishing=operations if self._args.published.get(application) else None,
                seconds_per_host=2 * slowest + rotation + SECONDS_BESIDE,
            ),
            opts=self._child,
        )

    def _migrated(self, application: str, operations: ReleasedHost) -> None:
        """A version that runs as tasks: its database is brought along, and then they may start."""
        version = self._settings.migrated_version(application)
        if version is None:
            return
        self.ready[application] = Release(
            application,
            ReleaseArgs(
                application=application,
                version=version,
                hosts={},
                migration=operations,
                seconds_per_host=0,
            ),
            opts=self._child,
        ).migrated
