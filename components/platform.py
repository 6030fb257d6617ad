"""The whole stack, in the order in which one part needs another."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import pulumi
import pulumi_aws as aws

from components import tags
from components.alarms import (
    NAMESPACE,
    Alarms,
    AlarmsArgs,
    AnswerLimits,
    certificate_alarms,
    host_alarms,
)
from components.application import Application, ApplicationArgs
from components.application_edge import (
    ApplicationEdge,
    ApplicationEdgeArgs,
    PublishedAt,
    Upstream,
)
from components.certificate import Certificate, CertificateArgs
from components.dns import HostNames, HostNamesArgs
from components.ecs_cluster import EcsCluster
from components.edge import LONGEST_ANSWER, PROOF_HEADER
from components.firewall import ANYWHERE, Peer, PrefixList
from components.foundation import Foundation, FoundationArgs, image_for
from components.front_door import FrontDoor, FrontDoorArgs
from components.grant import Grant
from components.host_fleet import HostFleet, HostFleetArgs
from components.host_proxy import LONGEST_SILENCE
from components.host_setup import HostSetup, HostSetupArgs
from components.permissions import (
    Statement,
    add_objects,
    decrypt,
    encrypt,
    list_objects,
    manage_objects,
    publish_metrics,
    read_objects,
    read_secrets,
    refresh,
)
from components.providers import Providers, ProvidersArgs
from components.releases import refuse_missing
from components.routing import Forward, Respond, Route
from components.secret import Generated, generate
from components.target_group import HealthCheck, TargetGroupArgs
from components.vpc_origin import VpcOrigin, VpcOriginArgs
from components.web_acl import LogIn, Upload, WebAcl, WebAclArgs
from hosts.first_boot import user_data
from hosts.roles.nginx import SITE_HEALTH
from settings import stack as wanted
from settings.application import Service, Site
from settings.tree import Settings

# What one address may ask of the edge in a minute where no application says less.
REQUESTS_A_MINUTE = 2000
# CloudFront's own addresses, as AWS publishes them in each region.
CLOUDFRONT = "com.amazonaws.global.cloudfront.origin-facing"
HTTPS = 443


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
        self._fleets = self._pools()
        self._zones = self._hosted_zones()
        self._proof = self._edge_proof()
        self._certificates: dict[str, Certificate] = {}
        self._front_door = self._way_in()
        self._cluster = self._fargate()
        self._applications = {key: self._application(key) for key in settings.applications}
        granted = self._grant_operations()
        self._published: dict[str, Mapping[str, PublishedAt]] = {}
        self._named: list[pulumi.Resource] = []
        records = self._publish()
        granted += self._grant_publishing()
        if settings.has_machines_to_configure:
            HostSetup(
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
            "outgoing_addresses": self._foundation.network.nat_addresses,
            "operations": {
                "instance_id": self._foundation.operations.instance_id,
                # None: it is reached through Session Manager.
                "address": self._foundation.operations.public_address,
            },
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

    def _pools(self) -> dict[str, HostFleet]:
        fleets: dict[str, HostFleet] = {}
        edge = self._stack.edge
        network = self._foundation.network
        for pool, size in self._stack.pools.items():
            public = isinstance(edge, wanted.HostEdge) and edge.pool == pool
            services = [service.shape for service in self._settings.services_on(pool)]
            fleets[pool] = HostFleet(
                pool,
                HostFleetArgs(
                    instance_type=size.instance_type,
                    image_id=image_for(self._stack, size.instance_type),
                    count=size.count,
                    disk_gb=size.disk_gb,
                    durable=self._stack.durable,
                    public=public,
                    vpc_id=network.vpc_id,
                    subnet_ids=network.subnet_ids["public" if public else "private"],
                    key_arn=self._foundation.key_arn,
                    key_pair=self._foundation.key_pair,
                    user_data=user_data(self._settings.name),
                    operations_group_id=self._foundation.operations.group_id,
                    calls=[HTTPS, *(out.port for service in services for out in service.egress)],
                    statements=self._of_every_host(self._settings.applications_on(pool)),
                ),
                opts=self._child,
            )
            Alarms(
                pool,
                AlarmsArgs(
                    topic_arn=self._foundation.topic_arn,
                    alarms={
                        f"{host}-{measure}": alarm
                        for host, one in fleets[pool].hosts.items()
                        for measure, alarm in host_alarms(
                            one.instance_id, cpu_percent=self._busy(pool)
                        ).items()
                    },
                ),
                opts=self._child,
            )
        return fleets

    def _of_every_host(self, applications: Iterable[str]) -> dict[str, Statement]:
        """What a host may do before any service is on it: say its key, fetch what it runs."""
        return {
            "host-key": self._foundation.publish_host_key,
            "runtimes": read_objects(self._artifacts_arn, "runtimes/"),
            **{
                f"releases-{name}": read_objects(self._artifacts_arn, f"releases/{name}/")
                for name in applications
            },
        }

    @property
    def _artifacts_arn(self) -> str:
        return f"arn:aws:s3:::{self._stack.artifacts}"

    def _busy(self, pool: str) -> int:
        """The lowest of what the applications on a pool call too much work for the processor."""
        limits = [
            self._settings.applications[application].thresholds.cpu_percent
            for application in self._settings.applications_on(pool)
        ]
        return min(limits, default=80)

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
                    zones[key] = aws.route53.Zone(
                        key, name=placed.domain, comment=f"{key}: public names", opts=self._child
                    ).zone_id
                case wanted.ExternalDns():
                    zones[key] = None
        return zones

    def _edge_proof(self) -> pulumi.Output[str] | None:
        edge = self._stack.edge
        if isinstance(edge, wanted.CdnEdge) and edge.origin == "public":
            return generate(f"{self._prefix}-edge-proof", Generated(), self._child)
        return None

    def _routed(self) -> Iterator[tuple[str, str, Service]]:
        for key, application in self._settings.applications.items():
            for service, shape in application.services.items():
                if shape.routes:
                    yield key, service, shape

    def _sites(self) -> Iterator[tuple[str, str, Site]]:
        for key in self._settings.applications:
            for site, shape in self._settings.hosted_sites(key).items():
                yield key, site, shape

    def _way_in(self) -> FrontDoor | None:
        edge = self._stack.edge
        routed = list(self._routed())
        sites = list(self._sites())
        balanced = list(dict.fromkeys(key for key, *_ in (*routed, *sites)))
        if isinstance(edge, wanted.HostEdge) or not balanced:
            return None
        foundation = self._foundation
        behind_cdn = isinstance(edge, wanted.CdnEdge)
        return FrontDoor(
            self._prefix,
            FrontDoorArgs(
                network=foundation.network,
                internal=isinstance(edge, wanted.CdnEdge) and edge.origin == "vpc",
                clients={"edge": self._edge_addresses()} if behind_cdn else {"world": ANYWHERE},
                certificate_arns={key: self._certificate(key) for key in balanced},
                targets={
                    **{
                        f"{key}-{service}": self._target(key, shape)
                        for key, service, shape in routed
                    },
                    **{
                        f"{key}-{site}": self._site_target(key, shape) for key, site, shape in sites
                    },
                },
                routes={
                    **{
                        f"{key}-{service}-{host}": Route(
                            hosts=(self._settings.host_name(key, host),),
                            paths=tuple(route.path for route in shape.routes if route.host == host),
                            action=Forward(weights={f"{key}-{service}": 1}),
                        )
                        for key, service, shape in routed
                        for host in dict.fromkeys(route.host for route in shape.routes)
                    },
                    **{
                        f"{key}-{site}-{shape.host}": Route(
                            hosts=(self._settings.host_name(key, shape.host),),
                            paths=(shape.path,),
                            action=Forward(weights={f"{key}-{site}": 1}),
                        )
                        for key, site, shape in sites
                    },
                    **self._closed(routed),
                },
                idle_timeout=self._longest_wait(LONGEST_SILENCE),
                oldest_tls=self._stack.oldest_tls,
                requests_a_minute=self._requests_a_minute(),
                log_ins=self._log_ins(),
                uploads=self._uploads(),
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

    def _closed(self, routed: list[tuple[str, str, Service]]) -> dict[str, Route]:
        """What nobody outside may ask for; a host's nginx refuses it as well."""
        return {
            f"{key}-{service}-{host}-denied": Route(
                hosts=(self._settings.host_name(key, host),),
                paths=tuple(f"{path}*" for path in shape.denied),
                action=Respond(status=403, body="Not for visitors."),
            )
            for key, service, shape in routed
            if shape.denied
            for host in dict.fromkeys(route.host for route in shape.routes)
        }

    def _edge_addresses(self) -> Peer:
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
        Alarms(
            f"{key}-certificate",
            AlarmsArgs(
                topic_arn=self._foundation.topic_arn,
                alarms=certificate_alarms(self._certificates[key].arn),
            ),
            opts=self._child,
        )
        return self._certificates[key].arn

    def _target(self, key: str, shape: Service) -> TargetGroupArgs:
        hosted = isinstance(self._settings.placed(key).placement, wanted.HostsPlacement)
        port = shape.front_port if hosted else shape.port
        assert port is not None and shape.health is not None, "the settings see to it"  # noqa: PT018 - one fact for the type checker
        sticky = shape.balancing.stickiness
        interval = self._settings.placed(key).check_seconds or shape.health.interval_seconds
        return TargetGroupArgs(
            vpc_id=self._foundation.network.vpc_id,
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
            limits=self._answer_limits(key),
        )

    def _site_target(self, key: str, shape: Site) -> TargetGroupArgs:
        check = HealthCheck(path=SITE_HEALTH)
        interval = self._settings.placed(key).check_seconds or check.interval
        return TargetGroupArgs(
            vpc_id=self._foundation.network.vpc_id,
            port=shape.front_port,
            kind="instance",
            health=replace(check, interval=interval, timeout=min(check.timeout, interval - 1)),
            limits=self._answer_limits(key),
        )

    def _answer_limits(self, key: str) -> AnswerLimits:
        told = self._settings.applications[key].thresholds
        return AnswerLimits(
            slow_seconds=told.slow_request_ms / 1000,
            stuck_seconds=told.stuck_request_ms / 1000 if told.stuck_request_ms else None,
            error_percent=told.error_percent,
        )

    def _longest_wait(self, at_most: int) -> int:
        """As long as the slowest route may take, as far as what stands before hosts goes."""
        waits = [
            route.read_timeout_seconds or shape.proxy.read_timeout_seconds
            for *_, shape in self._routed()
            for route in shape.routes
        ]
        return min(at_most, max([60, *waits]))

    def _requests_a_minute(self) -> int:
        """The outer limit: never below what the hosts' own limits let through."""
        limits = [
            shape.proxy.rate_limit.requests_per_second * 60
            for *_, shape in self._routed()
            if shape.proxy.rate_limit
        ]
        return max([REQUESTS_A_MINUTE, *limits])

    def _log_ins(self) -> tuple[LogIn, ...]:
        return tuple(
            LogIn(host=self._settings.host_name(key, host), path=path, requests_a_minute=limit)
            for key, _, shape in self._routed()
            if shape.proxy.rate_limit
            for path, limit in shape.proxy.rate_limit.log_in.items()
            for host in dict.fromkeys(route.host for route in shape.routes if route.covers(path))
        )

    def _uploads(self) -> tuple[Upload, ...]:
        uploads = (
            Upload(
                host=self._settings.host_name(key, route.host),
                path=route.path.partition("*")[0],
            )
            for key, _, shape in self._routed()
            for route in shape.routes
            if route.upload
        )
        return tuple(dict.fromkeys(uploads))

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

    def _grant_operations(self) -> list[pulumi.Resource]:
        """The one place that may read what owns the databases, and that puts dumps away."""
        granted: list[pulumi.Resource] = []
        for key, application in self._applications.items():
            arns = [
                arn
                for access in application.database_accesses.values()
                for arn in (access.administrator_secret_arn, *access.secret_arns.values())
            ]
            if not arns:
                continue
            dumps = [
                store.dump
                for store in self._settings.applications[key].databases.values()
                if store.dump
            ]
            buckets = sorted({dump.bucket for dump in dumps})
            granted.append(
                Grant(
                    f"{self._prefix}-operations-{key}",
                    role_name=self._foundation.operations.role.name,
                    statements={
                        "secrets": read_secrets(arns),
                        "decrypt": decrypt(self._foundation.key_arn),
                        # It adds and reads; what goes, the bucket's own rules take away.
                        **{
                            f"{word}-{dump.bucket}-{dump.prefix}": leave(
                                application.buckets[dump.bucket].arn, f"{dump.prefix}/"
                            )
                            for dump in dumps
                            for word, leave in (("add", add_objects), ("read", read_objects))
                        },
                        **{
                            f"list-{bucket}": list_objects(application.buckets[bucket].arn)
                            for bucket in buckets
                        },
                        **(
                            {
                                "encrypt": encrypt(self._foundation.key_arn),
                                "measure": publish_metrics(NAMESPACE),
                            }
                            if dumps
                            else {}
                        ),
                    },
                    opts=self._child,
                )
            )
        return granted

    def _grant_publishing(self) -> list[pulumi.Resource]:
        """And the one that gives a site's files to the CDN."""
        return [
            Grant(
                f"{self._prefix}-operations-{key}-sites",
                role_name=self._foundation.operations.role.name,
                statements={
                    **{
                        f"files-{site}": manage_objects(place.bucket.arn)
                        for site, place in sites.items()
                    },
                    "encrypt": encrypt(self._foundation.key_arn),
                    "refresh": refresh([place.distribution_arn for place in sites.values()]),
                },
                opts=self._child,
            )
            for key, sites in self._published.items()
            if sites
        ]

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
            answer_seconds=self._longest_wait(LONGEST_ANSWER),
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
                requests_a_minute=self._requests_a_minute(),
                log_ins=self._log_ins(),
                uploads=self._uploads(),
                # The stack's key is in another region, where this log cannot use it.
                key_arn=None,
                log_days=self._foundation.log_days,
            ),
            opts=self._at_the_edge,
        )
