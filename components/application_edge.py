"""An application's distributions: its services, its sites, and buckets that the world reads."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.bucket import Bucket
from components.certificate import Certificate, CertificateArgs
from components.dns import HostNames, HostNamesArgs
from components.edge import (
    Behaviour,
    BucketOrigin,
    Edge,
    EdgeArgs,
    InternalOrigin,
    Origin,
    PublicOrigin,
)
from components.edge_logs import EdgeLogs, EdgeLogsArgs
from components.response_headers import ResponseHeadersArgs
from components.static_site import StaticSite, StaticSiteArgs
from settings.application import Application, Headers, Site
from settings.stack import Tls


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """The stack's load balancer as the edge reaches it."""

    domain_name: pulumi.Input[str]
    vpc_origin_id: pulumi.Input[str] | None  # None: over the internet, with the proof
    proof: pulumi.Input[str] | None
    answer_seconds: int  # that its services may take to begin an answer


@dataclass(frozen=True, kw_only=True)
class ApplicationEdgeArgs:
    spec: Application
    sites: Mapping[str, Site]  # that the edge serves; none where hosts do
    host_names: Mapping[str, str]  # host -> in full
    zone_id: pulumi.Input[str] | None
    proved_by: Certificate | None  # the load balancer's, which has some of the names as well
    upstream: Upstream | None  # None: services are not behind the edge, buckets are
    web_acl_arn: pulumi.Input[str]
    buckets: Mapping[str, Bucket]
    price_class: str
    oldest_tls: Tls
    key_arn: pulumi.Input[str]
    log_bucket_name: pulumi.Input[str]
    log_bucket_arn: pulumi.Input[str]
    durable: bool
    edge_provider: aws.Provider


@dataclass(frozen=True, kw_only=True)
class PublishedAt:
    """Where a site's files go, and what has to forget the ones before."""

    bucket: Bucket
    distribution_id: pulumi.Output[str]
    distribution_arn: pulumi.Output[str]


class ApplicationEdge(pulumi.ComponentResource):
    """A distribution for each host that the edge answers for."""

    host_names: list[str]
    wanted: list[pulumi.Output[list[dict[str, str]]]]  # records that a person makes elsewhere
    distribution_ids: dict[str, pulumi.Output[str]]
    sites: dict[str, PublishedAt]

    def __init__(
        self, name: str, args: ApplicationEdgeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:edge:ApplicationEdge", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.host_names = []
        self.wanted = []
        self.distribution_ids = {}
        self.sites = {}
        fronts = _fronts(args)
        if not fronts:
            self.register_outputs({})
            return
        certificate = Certificate(
            f"{name}-edge",
            CertificateArgs(
                hosts=tuple(args.host_names[host] for host in fronts),
                zone_id=args.zone_id,
                proved_by=args.proved_by,
            ),
            opts=pulumi.ResourceOptions(parent=self, providers=[args.edge_provider]),
        )
        sites = {
            site: StaticSite(
                f"{name}-{site}",
                StaticSiteArgs(
                    key_arn=args.key_arn,
                    log_bucket=args.log_bucket_name,
                    single_page=shape.single_page,
                    durable=args.durable,
                ),
                opts=child,
            )
            for site, shape in args.sites.items()
        }
        for host, front in fronts.items():
            origins = dict(_origins(front, args, sites))
            edge = Edge(
                f"{name}-{host}",
                EdgeArgs(
                    hosts=(args.host_names[host],),
                    certificate_arn=certificate.arn,
                    web_acl_arn=args.web_acl_arn,
                    origins=origins,
                    default=Behaviour(origin=front.default),
                    paths=dict(_paths(host, front, args.spec)),
                    headers=_headers(args.spec.headers),
                    price_class=args.price_class,
                    oldest_tls=args.oldest_tls,
                ),
                opts=child,
            )
            EdgeLogs(
                f"{name}-{host}",
                EdgeLogsArgs(distribution_arn=edge.arn, log_bucket_arn=args.log_bucket_arn),
                opts=pulumi.ResourceOptions(parent=self, providers=[args.edge_provider]),
            )
            names = HostNames(
                f"{name}-{host}",
                HostNamesArgs(
                    hosts=(args.host_names[host],),
                    zone_id=args.zone_id,
                    target=edge.domain_name,
                    target_zone_id=edge.zone_id,
                ),
                opts=child,
            )
            self.host_names.append(args.host_names[host])
            self.wanted.append(names.wanted)
            self.distribution_ids[host] = edge.distribution_id
            for site in front.sites:
                self.sites[site] = PublishedAt(
                    bucket=sites[site].bucket,
                    distribution_id=edge.distribution_id,
                    distribution_arn=edge.arn,
                )
        self.register_outputs({"distribution_ids": self.distribution_ids})


@dataclass(frozen=True, kw_only=True)
class _Front:
    """What one host name serves: by default, and on paths of its own."""

    default: str
    sites: Mapping[str, Site]
    bucket: str | None
    services: bool


def _headers(wanted: Headers) -> ResponseHeadersArgs:
    """The edge's stand in place of the hosts' own, so they are the same."""
    return ResponseHeadersArgs(
        content_security_policy=wanted.content_security_policy,
        frames=wanted.frame_options,
        referrer=wanted.referrer_policy,
        hsts_seconds=wanted.hsts_seconds,
    )


def _fronts(args: ApplicationEdgeArgs) -> dict[str, _Front]:
    """Host → what it serves; a site at the top of a host is its default, else the services are."""
    spec = args.spec
    fronts: dict[str, _Front] = {}
    for host in spec.hosts:
        bucket = next((key for key, one in spec.buckets.items() if one.host == host), None)
        sites = {key: site for key, site in args.sites.items() if site.host == host}
        services = args.upstream is not None and any(
            route.host == host for service in spec.services.values() for route in service.routes
        )
        top = next((key for key, site in sites.items() if site.path in ("/", "/*")), None)
        if bucket is not None:
            fronts[host] = _Front(default=bucket, sites={}, bucket=bucket, services=False)
        elif services or top is not None:
            fronts[host] = _Front(
                default=top or "services", sites=sites, bucket=None, services=services
            )
    return fronts


def _origins(
    front: _Front, args: ApplicationEdgeArgs, sites: Mapping[str, StaticSite]
) -> list[tuple[str, Origin]]:
    origins: list[tuple[str, Origin]] = []
    if front.bucket is not None:
        origins.append((front.bucket, BucketOrigin(bucket=args.buckets[front.bucket])))
    origins += [
        (key, BucketOrigin(bucket=sites[key].bucket, rewrite_arn=sites[key].rewrite_arn))
        for key in front.sites
    ]
    if front.services and args.upstream is not None:
        origins.append(("services", _services(args.upstream)))
    return origins


def _services(upstream: Upstream) -> Origin:
    if upstream.vpc_origin_id is not None:
        return InternalOrigin(
            domain_name=upstream.domain_name,
            vpc_origin_id=upstream.vpc_origin_id,
            answer_seconds=upstream.answer_seconds,
        )
    return PublicOrigin(
        domain_name=upstream.domain_name,
        proof=upstream.proof or "",
        answer_seconds=upstream.answer_seconds,
    )


def _paths(host: str, front: _Front, spec: Application) -> list[tuple[str, Behaviour]]:
    """Paths that do not go where the host's default does, and files that never change."""
    paths = [
        (pattern, Behaviour(origin=key, immutable=True))
        for key, site in front.sites.items()
        for pattern in site.immutable
    ]
    paths += [
        (site.path, Behaviour(origin=key))
        for key, site in front.sites.items()
        if key != front.default
    ]
    if front.services and front.default != "services":
        paths += [
            (route.path, Behaviour(origin="services"))
            for service in spec.services.values()
            for route in service.routes
            if route.host == host and route.path not in ("/", "/*")
        ]
    return paths
