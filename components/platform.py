"""The whole stack, in the order in which one part needs another."""

from collections.abc import Iterator, Mapping, Sequence

import pulumi
import pulumi_aws as aws

from components import tags
from components.alarms import Alarms, AlarmsArgs, certificate_alarms
from components.allowance import Allowance
from components.application import Application, ApplicationArgs
from components.application_edge import (
    ApplicationEdge,
    ApplicationEdgeArgs,
    PublishedAt,
    Upstream,
)
from components.balancing import balanced, longest_wait, routes, targets
from components.certificate import Certificate, CertificateArgs
from components.dashboard import Charts, Dashboard, DashboardArgs
from components.dns import HostNames, HostNamesArgs
from components.ecs_cluster import EcsCluster
from components.edge import LONGEST_ANSWER, PROOF_HEADER
from components.firewall import ANYWHERE, Peer, PrefixList
from components.foundation import Foundation, FoundationArgs
from components.front_door import FrontDoor, FrontDoorArgs
from components.grant import Grant
from components.host_proxy import LONGEST_SILENCE
from components.host_setup import HostSetup, HostSetupArgs
from components.operations_grants import database_statements, publishing_statements
from components.pools import alarms_of, fleets
from components.providers import Providers, ProvidersArgs
from components.releases import refuse_missing
from components.secret import Generated, generate
from components.vpc_origin import VpcOrigin, VpcOriginArgs
from components.web_acl import WebAcl, WebAclArgs
from settings import stack as wanted
from settings.tree import Settings

# CloudFront's own addresses, as AWS publishes them in each region.
CLOUDFRONT = "com.amazonaws.global.cloudfront.origin-facing"


class Platform(pulumi.ComponentResource):
    """Everything that the settings ask for; its outputs are what a person needs to know of it."""

    addresses: dict[str, list[str]]  # application -> where it is found
    outputs: dict[str, pulumi.Input[object]]

    def __init__(
        self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        tagged = tags.by_name(
            name,
            settings.applications,
            {pool: settings.applications_on(pool) for pool in settings.stack.pools},
        )
        super().__init__(
            "groundwork:operations:Platform",
            name,
            None,
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(transformations=[tagged])),
        )
        self._prefix = name
        self._settings = settings
        self._stack = settings.stack
        self._aws = Providers(
            name,
            ProvidersArgs(
                region=self._stack.region,
                recovery_region=self._stack.recovery_region,
                account=self._stack.account,
                tags={
                    "project": "groundwork",
                    "stack": settings.name,
                    "owner": self._stack.owner,
                    "managed-by": "pulumi",
                },
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._child = pulumi.ResourceOptions(parent=self, providers=[self._aws.main])
        self._at_the_edge = pulumi.ResourceOptions(parent=self, providers=[self._aws.edge])

        refuse_missing(settings, self._aws.main)

        self._foundation = Foundation(
            name, FoundationArgs(stack_name=settings.name, stack=self._stack), opts=self._child
        )
        self._fleets = fleets(settings, self._foundation, self._child)
        self._host_alarms = alarms_of(
            settings, self._fleets, self._foundation.topic_arn, self._child
        )
        self._name_servers: dict[str, pulumi.Output[Sequence[str]]] = {}
        self._zones = self._hosted_zones()
        self._proof = self._edge_proof()
        self._certificates: dict[str, Certificate] = {}
        self._certificate_alarms: dict[str, Alarms] = {}
        self._front_door = self._way_in()
        self._cluster = self._fargate()
        self._applications = {key: self._application(key) for key in settings.applications}
        self._published: dict[str, Mapping[str, PublishedAt]] = {}
        self._named: list[pulumi.Resource] = []
        records = self._publish()
        granted = list(self._operations_may())
        ready: Mapping[str, Sequence[pulumi.Resource]] = {}
        if settings.has_machines_to_configure:
            ready = HostSetup(
                name,
                HostSetupArgs(
                    settings=settings,
                    foundation=self._foundation,
                    fleets=self._fleets,
                    applications=self._applications,
                    published=self._published,
                    granted=granted,
                    named=self._named,
                ),
                opts=self._child,
            ).ready
        for key, application in self._applications.items():
            if application.tasks is not None:
                application.tasks.start(ready.get(key, ()))

        dashboard = Dashboard(
            name,
            DashboardArgs(
                title=f"{name}-{settings.name}",
                region=self._stack.region,
                parts=dict(self._watched()),
            ),
            opts=self._child,
        )
        self.addresses = {
            key: [f"https://{settings.host_name(key, host)}" for host in application.hosts]
            for key, application in settings.applications.items()
        }
        self.outputs = {
            "addresses": self.addresses,
            "dns_records": pulumi.Output.all(*records).apply(
                lambda lists: [record for group in lists for record in group]
            ),
            # Domain → where its registrar has to lead.
            "name_servers": self._name_servers,
            "outgoing_addresses": self._foundation.network.nat_addresses,
            "operations": {
                "instance_id": self._foundation.operations.instance_id,
                # None: it is reached through Session Manager.
                "address": self._foundation.operations.public_address,
            },
            "dashboards": dashboard.names,
            "hosts": {
                host: {
                    "instance_id": one.instance_id,
                    "address": one.private_ip,
                    "pool": pool,
                    "zone": one.zone,
                }
                for pool, fleet in self._fleets.items()
                for host, one in fleet.hosts.items()
            },
            "buckets": {
                key: application.bucket_names for key, application in self._applications.items()
            },
            "databases": {
                f"{key}-{store}": database.host
                for key, application in self._applications.items()
                for store, database in application.databases.items()
            },
        }
        self.register_outputs({"addresses": self.addresses})

    # Where services run

    def _fargate(self) -> EcsCluster | None:
        placements = [placed.placement for placed in self._stack.applications.values()]
        if not any(isinstance(placement, wanted.EcsPlacement) for placement in placements):
            return None
        return EcsCluster(
            self._prefix,
            key_arn=self._foundation.key_arn,
            log_days=self._foundation.log_days,
            opts=self._child,
        )

    # How requests come in

    def _hosted_zones(self) -> dict[str, pulumi.Input[str] | None]:
        """Application → the zone of its domain; None where DNS is somebody else's."""
        zones: dict[str, pulumi.Input[str] | None] = {}
        for key, placed in self._stack.applications.items():
            match self._stack.dns:
                case wanted.Route53(zones=known):
                    # The longest that fits: a zone of the very name before one above it.
                    fits = [
                        zone
                        for zone in known
                        if placed.domain == zone or placed.domain.endswith(f".{zone}")
                    ]
                    zones[key] = known[max(fits, key=len)]
                case wanted.OwnZones():
                    zone = aws.route53.Zone(
                        key, name=placed.domain, comment=f"{key}: public names", opts=self._child
                    )
                    zones[key] = zone.zone_id
                    self._name_servers[placed.domain] = zone.name_servers
                case wanted.ExternalDns():
                    zones[key] = None
        return zones

    def _edge_proof(self) -> pulumi.Output[str] | None:
        edge = self._stack.edge
        if isinstance(edge, wanted.CdnEdge) and edge.origin == "public":
            return generate(f"{self._prefix}-edge-proof", Generated(), self._child)
        return None

    def _way_in(self) -> FrontDoor | None:
        edge = self._stack.edge
        answering = dict.fromkeys(part.application.name for part in balanced(self._settings))
        if isinstance(edge, wanted.HostEdge) or not answering:
            return None
        foundation = self._foundation
        behind_cdn = isinstance(edge, wanted.CdnEdge)
        return FrontDoor(
            self._prefix,
            FrontDoorArgs(
                network=foundation.network,
                internal=isinstance(edge, wanted.CdnEdge) and edge.origin == "vpc",
                behind_edge=behind_cdn,
                clients={"edge": self._edge_addresses()} if behind_cdn else {"world": ANYWHERE},
                certificate_arns={key: self._certificate(key) for key in answering},
                targets=targets(self._settings, foundation.network.vpc_id),
                routes=routes(self._settings),
                idle_timeout=longest_wait(self._settings, LONGEST_SILENCE),
                oldest_tls=self._stack.oldest_tls,
                allowance=Allowance.of(self._settings, counted=not behind_cdn),
                proof=self._proof,
                proof_header=PROOF_HEADER,
                key_arn=foundation.key_arn,
                topic_arn=foundation.topic_arn,
                log_bucket=foundation.log_bucket.name,
                log_days=foundation.log_days,
                durable=self._stack.durable,
            ),
            opts=self._child,
        )

    def _edge_addresses(self) -> Peer:
        """A VPC origin comes from these too, by interfaces in the network's own subnets (CloudFront
        guide, restrict access with VPC origins). Its own security group could be named instead,
        once CloudFront has made it: it keeps nobody else out, for these addresses are public and
        find no way to a private one.
        """
        return PrefixList(
            aws.ec2.get_managed_prefix_list_output(
                name=CLOUDFRONT,
                opts=pulumi.InvokeOutputOptions(parent=self, provider=self._aws.main),
            ).id
        )

    def _certificate(self, key: str) -> pulumi.Output[str]:
        """For the hosts of an application that the load balancer answers on."""
        self._certificates[key] = Certificate(
            key,
            CertificateArgs(hosts=self._settings.hosted_names(key), zone_id=self._zones[key]),
            opts=self._child,
        )
        self._certificate_alarms[key] = Alarms(
            f"{key}-certificate",
            AlarmsArgs(
                topic_arn=self._foundation.topic_arn,
                alarms=certificate_alarms(self._certificates[key].arn),
            ),
            opts=self._child,
        )
        return self._certificates[key].arn

    # What runs

    def _application(self, key: str) -> Application:
        foundation = self._foundation
        door = self._front_door
        return Application(
            key,
            ApplicationArgs(
                settings=self._settings,
                network=foundation.network,
                key_arn=foundation.key_arn,
                log_bucket=foundation.log_bucket.name,
                topic_arn=foundation.topic_arn,
                operations_group_id=foundation.operations.group_id,
                load_balancer_group_id=door.load_balancer.group_id if door else None,
                fleets=self._fleets,
                cluster=self._cluster,
                target_group_arns=door.target_group_arns if door else {},
            ),
            opts=self._child,
        )

    def _watched(self) -> Iterator[tuple[str, Charts]]:
        """What calls a human, from the world inwards."""
        if self._front_door:
            yield "load balancer", self._front_door.alarms.arns
        if self._certificate_alarms:
            yield (
                "certificates",
                {
                    f"{key} {measure}": arn
                    for key, alarms in self._certificate_alarms.items()
                    for measure, arn in alarms.arns.items()
                },
            )
        for pool, alarms in self._host_alarms.items():
            yield f"hosts {pool}", alarms.arns
        for key, application in self._applications.items():
            for store, alarms in application.alarms.items():
                yield f"{key}: {store}", alarms.arns

    def _operations_may(self) -> Iterator[pulumi.Resource]:
        """Its leave by application: for the databases, and for the sites that the CDN serves."""
        for key, application in self._applications.items():
            stores = self._settings.applications[key].databases.values()
            dumps = [store.dump for store in stores if store.dump]
            for name, statements in (
                (key, database_statements(application, dumps)),
                (f"{key}-sites", publishing_statements(self._published.get(key, {}))),
            ):
                if statements:
                    yield Grant(
                        f"{self._prefix}-operations-{name}",
                        role_name=self._foundation.operations.role.name,
                        statements=statements,
                        opts=self._child,
                    )

    # Where the world finds it

    def _publish(self) -> list[pulumi.Output[list[dict[str, str]]]]:
        """Names and distributions; returns the records that a person may have to make."""
        records: list[pulumi.Output[list[dict[str, str]]]] = []
        served: set[str] = set()
        upstream = self._upstream()
        acl = self._edge_acl()
        for key, application in self._applications.items():
            if acl is None:
                continue
            edge = self._stack.edge
            distributions = ApplicationEdge(
                key,
                ApplicationEdgeArgs(
                    spec=self._settings.applications[key],
                    sites=(
                        self._settings.applications[key].sites
                        if self._settings.sites_at_edge
                        else {}
                    ),
                    host_names={
                        host: self._settings.host_name(key, host)
                        for host in self._settings.applications[key].hosts
                    },
                    zone_id=self._zones[key],
                    proved_by=self._certificates.get(key),
                    upstream=upstream,
                    web_acl_arn=acl.arn,
                    buckets=application.buckets,
                    price_class=(
                        edge.price_class if isinstance(edge, wanted.CdnEdge) else "PriceClass_100"
                    ),
                    oldest_tls=self._stack.oldest_tls,
                    key_arn=self._foundation.key_arn,
                    log_bucket_name=self._foundation.log_bucket.name,
                    log_bucket_arn=self._foundation.log_bucket.arn,
                    durable=self._stack.durable,
                    edge_provider=self._aws.edge,
                ),
                opts=self._child,
            )
            self._published[key] = distributions.sites
            served.update(distributions.host_names)
            records += distributions.wanted
        for key in self._applications:
            remaining = tuple(
                host for host in self._settings.hosted_names(key) if host not in served
            )
            if remaining:
                records.append(self._names(key, remaining))
        return records

    def _names(self, key: str, hosts: tuple[str, ...]) -> pulumi.Output[list[dict[str, str]]]:
        """Names that lead to the load balancer, or to the one machine that answers itself."""
        door = self._front_door
        edge = self._stack.edge
        if door is not None:
            target: pulumi.Input[str] = door.load_balancer.domain_name
            zone: pulumi.Input[str] | None = door.load_balancer.zone_id
        else:
            assert isinstance(edge, wanted.HostEdge), "the settings see to it"
            target, zone = self._fleets[edge.pool].public_ip or "", None
        names = HostNames(
            key,
            HostNamesArgs(
                hosts=hosts, zone_id=self._zones[key], target=target, target_zone_id=zone
            ),
            opts=self._child,
        )
        self._named.append(names)
        return names.wanted

    def _upstream(self) -> Upstream | None:
        edge = self._stack.edge
        if not isinstance(edge, wanted.CdnEdge) or self._front_door is None:
            return None
        balancer = self._front_door.load_balancer
        return Upstream(
            domain_name=balancer.domain_name,
            vpc_origin_id=(
                VpcOrigin(
                    self._prefix, VpcOriginArgs(load_balancer_arn=balancer.arn), opts=self._child
                ).id
                if edge.origin == "vpc"
                else None
            ),
            proof=self._proof,
            answer_seconds=longest_wait(self._settings, LONGEST_ANSWER),
        )

    def _edge_acl(self) -> WebAcl | None:
        """One for all distributions, where there are any."""
        distributed = isinstance(self._stack.edge, wanted.CdnEdge) or any(
            bucket.host
            for application in self._settings.applications.values()
            for bucket in application.buckets.values()
        )
        if not distributed:
            return None
        return WebAcl(
            f"{self._prefix}-edge",
            WebAclArgs(
                scope="CLOUDFRONT",
                allowance=Allowance.of(self._settings),
                # The stack's key is in another region, where this log cannot use it.
                key_arn=None,
                log_days=self._foundation.log_days,
            ),
            opts=self._at_the_edge,
        )
