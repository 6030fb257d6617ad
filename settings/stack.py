"""How much of everything a stack has: the shape of Pulumi.STACK.yaml's groundwork keys."""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from settings.model import (
    ApplicationName,
    Days,
    Model,
    Name,
    Size,
    Switch,
    VariableName,
)

Zone = Annotated[str, Field(pattern=r"^[a-f]$")]
Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
InstanceType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*\.[a-z0-9]+$")]
Domain = Annotated[
    str, Field(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$", max_length=190)
]
VERSION = r"^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$"
Version = Annotated[str, Field(pattern=VERSION)]
Cidr = IPv4Network
Weekly = Annotated[
    str,
    Field(
        pattern=r"^(mon|tue|wed|thu|fri|sat|sun):\d\d:\d\d-(mon|tue|wed|thu|fri|sat|sun):\d\d:\d\d$"
    ),
]
Daily = Annotated[str, Field(pattern=r"^\d\d:\d\d-\d\d:\d\d$")]
TIME_OF_DAY = r"([01]\d|2[0-3]):[0-5]\d"
QuietHours = Annotated[str, Field(pattern=rf"^{TIME_OF_DAY}-{TIME_OF_DAY}$")]


class Network(Model):
    """The stack's own private network."""

    cidr: Cidr
    zones: Annotated[tuple[Zone, ...], Field(min_length=1, max_length=6)]
    """Letters of the region's zones; two at least wherever a load balancer or a database stands."""
    nat: Literal["none", "single", "per-zone"] = "single"
    endpoints: tuple[
        Literal[
            "ecr.api",
            "ecr.dkr",
            "kms",
            "logs",
            "monitoring",
            "secretsmanager",
            "ssm",
            "ssmmessages",
            "ec2messages",
            "sts",
        ],
        ...,
    ] = ()
    """Interface endpoints; the gateway endpoint of S3 is always there."""
    flow_log_days: Days = 30


class Bastion(Model):
    """The operations instance has a public address and answers SSH from listed ranges only."""

    kind: Literal["bastion"]
    allowed_from: Annotated[tuple[Cidr, ...], Field(min_length=1)]


class SessionManager(Model):
    """Nothing answers SSH from outside; runs reach hosts through Session Manager."""

    kind: Literal["session-manager"]


Access = Annotated[Bastion | SessionManager, Field(discriminator="kind")]


class CdnEdge(Model):
    """CloudFront in front of the load balancer."""

    kind: Literal["cdn"]
    origin: Literal["vpc", "public"] = "vpc"
    """vpc: the load balancer has no public address; public: it answers CloudFront only."""
    price_class: Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"] = "PriceClass_100"


class LoadBalancerEdge(Model):
    """A public load balancer, with the firewall in front."""

    kind: Literal["load-balancer"]


EmailAddress = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


class HostEdge(Model):
    """One machine answers the world itself, with certificates that it gets by ACME."""

    kind: Literal["host"]
    pool: Name
    authority: Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.-]+(:\d{1,5})?(/[\w./-]*)?$")] = (
        "https://acme-v02.api.letsencrypt.org/directory"
    )
    """Directory of the ACME authority that issues certificates (RFC 8555, section 7.1.1)."""
    email: EmailAddress | None = None
    """Contact that the authority is given; Let's Encrypt asks for none."""


Tls = Literal["TLSv1.2", "TLSv1.3"]
Edge = Annotated[CdnEdge | LoadBalancerEdge | HostEdge, Field(discriminator="kind")]


class Route53(Model):
    """Records are made in hosted zones that this account has already."""

    kind: Literal["route53"]
    zones: dict[Domain, Annotated[str, Field(pattern=r"^Z[A-Z0-9]{5,31}$")]]
    """Domain → id of its hosted zone."""


class OwnZones(Model):
    """The stack makes a hosted zone for each application's domain; the registrar delegates."""

    kind: Literal["own-zones"]


class ExternalDns(Model):
    """Somebody else's DNS: the records wanted are printed as outputs."""

    kind: Literal["external"]


Dns = Annotated[Route53 | OwnZones | ExternalDns, Field(discriminator="kind")]


class Images(Model):
    """Machine images (Debian 13) by architecture, pinned: never looked up as the most recent."""

    x86_64: Annotated[str, Field(pattern=r"^ami-[0-9a-f]{8,17}$")] | None = None
    arm64: Annotated[str, Field(pattern=r"^ami-[0-9a-f]{8,17}$")] | None = None
    user: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")] = "admin"
    """Whom the image lets log in with the deploy key; Debian's own images have admin."""


class RuntimeArchive(Model):
    """A pinned archive of the artifact bucket: runtimes/NAME-VERSION-ARCHITECTURE.tar.gz."""

    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    sha256: dict[Literal["x86_64", "arm64"], Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]


class Operations(Model):
    """The small instance that is the jump host and the only one that handles databases."""

    instance_type: InstanceType = "t4g.micro"
    zone: Zone | None = None


class Pool(Model):
    """Like hosts, side by side; services name the pool they run on."""

    instance_type: InstanceType
    count: Annotated[int, Field(strict=True, ge=1, le=24)] = 1
    """Spread over the zones in turn; one more adds one and renames none."""
    disk_gb: Annotated[int, Field(strict=True, ge=8, le=2048)] = 20
    least_mbps: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None
    """Megabits a second that each host must have for good: a smaller instance type is refused."""


class HostsPlacement(Model):
    """Services run on pools of EC2 hosts, configured over SSH."""

    kind: Literal["hosts"]
    pools: dict[Name, Name]
    """Service → pool; a site too, where no CDN serves it."""


class FargateSize(Model):
    """How much of Fargate one service gets."""

    cpu: Annotated[int, Field(strict=True)] = 256
    """Units; 1024 is one virtual CPU."""
    memory_mb: Annotated[int, Field(strict=True)] = 512
    count: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    max_count: Annotated[int, Field(strict=True, ge=1, le=100)] | None = None
    """Grows up to this while CPU is above the target; absent means a fixed count."""
    cpu_target_percent: Annotated[int, Field(strict=True, ge=10, le=90)] = 60
    image: Annotated[str, Field(pattern=r"^([^\s@]+@)?sha256:[0-9a-f]{64}$")] | None = None
    """By digest: REPOSITORY@sha256:…, or sha256:… alone for the repository that the stack makes for
    the service. Absent where build is on, and before the first release."""
    build: Switch = False
    """Built by pulumi-docker of what the application file names (build.image); needs an engine."""
    spot: Switch = False


class EcsPlacement(Model):
    """Services run on ECS with Fargate."""

    kind: Literal["ecs"]
    services: dict[Name, FargateSize]
    architecture: Literal["x86_64", "arm64"] = "x86_64"


Placement = Annotated[HostsPlacement | EcsPlacement, Field(discriminator="kind")]


class DatabaseSize(Model):
    """How much of a database this stack has."""

    kind: Literal["database"]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$", max_length=63)] | None = None
    """Of the database on this stack, where it differs from the application file's."""
    instance_class: Annotated[str, Field(pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$")]
    storage_gb: Annotated[int, Field(strict=True, ge=20, le=65_536)] = 20
    max_storage_gb: Annotated[int, Field(strict=True, ge=20, le=65_536)] | None = None
    replicas: Annotated[int, Field(strict=True, ge=0, le=5)] = 0
    multi_az: Switch = False
    zone: Zone | None = None
    """Of the primary, where it has no standby in another zone."""
    backup_days: Annotated[int, Field(strict=True, ge=0, le=35)] = 7
    backup_window: Daily = "18:00-18:30"
    """UTC; the manuals' 02:00 in Asia/Shanghai."""
    maintenance_window: Weekly = "sat:19:00-sat:20:00"


class CacheSize(Model):
    """How much of a cache this stack has."""

    kind: Literal["cache"]
    node_type: Annotated[str, Field(pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$")]
    nodes: Annotated[int, Field(strict=True, ge=1, le=6)] = 1
    """The first is the primary, the others are replicas in other zones."""
    snapshot_window: Daily = "19:00-20:00"
    maintenance_window: Weekly = "sun:20:00-sun:21:00"


StoreSize = Annotated[DatabaseSize | CacheSize, Field(discriminator="kind")]


class PlacedApplication(Model):
    """An application on this stack: where it runs and how big."""

    domain: Domain
    placement: Placement
    stores: dict[Name, StoreSize] = {}
    check_seconds: Annotated[int, Field(strict=True, ge=5, le=300)] | None = None
    """How often the load balancer asks its services, in place of what the application says."""
    hold_seconds: Annotated[int, Field(strict=True, ge=0, le=3600)] | None = None
    """How long the old colour stays ready, in place of what the application says."""
    heap: dict[Name, Size] = {}
    """Service → heap of its Java machine, in place of what the application says."""
    environment: dict[Name, dict[VariableName, str | int | bool | float]] = {}
    """Service → variable → value: what differs on this stack from the application file."""
    seed: Switch = False
    """The first migration is followed by the seed; on a durable stack only make seed does that."""


class Rotation(Model):
    """Which generation of a secret is in use, and which other one is accepted beside it."""

    current: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    accepted: Annotated[int, Field(strict=True, ge=0, le=10_001)] = 0
    """One more: everyone knows it already, nobody uses it yet. One less: it was used before. 0:
    none, for of a signing key generation 0 is one that nobody ever signs with."""
    since: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")] | None = None
    """Day on which it came into use; make rotate writes it."""

    @property
    def announced(self) -> bool:
        """Whether the accepted one is the next, which nobody uses yet."""
        return self.accepted > self.current


class Alerts(Model):
    """Who is told when something is wrong."""

    email: tuple[EmailAddress, ...] = ()


class Exemption(Model):
    """A policy rule that does not hold for one resource, for a reason and until a day."""

    rule: str
    resource: str
    reason: Annotated[str, Field(min_length=10)]
    until: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]


class Stack(Model):
    """Everything under groundwork: in Pulumi.STACK.yaml, less the secrets."""

    region: Region
    recovery_region: Region
    """Where copies of backups go."""
    account: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    """The one AWS account that may be touched; another one's keys are refused."""
    durable: Switch
    """Protected, in several zones, with long backups; nothing is deleted without a person."""
    owner: Annotated[str, Field(pattern=r"^[\w .@+-]{1,64}$")]
    """Team that answers for the stack; a tag on every resource."""
    network: Network
    access: Access
    edge: Edge
    oldest_tls: Tls = "TLSv1.2"
    """That visitors may speak, at the CDN, the load balancer or the one host."""
    dns: Dns
    images: Images = Images()
    operations: Operations = Operations()
    deploy_keys: Annotated[
        tuple[Annotated[str, Field(pattern=r"^ssh-ed25519 [A-Za-z0-9+/=]+( \S+)?$")], ...],
        Field(min_length=1, max_length=2),
    ]
    """Public halves; two while one replaces the other. The private half is secret configuration."""
    artifacts: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    """Versioned bucket of release artifacts, made once by the bootstrap program."""
    runtimes: dict[Annotated[str, Field(pattern=r"^(node-\d+|pm2)$")], RuntimeArchive] = {}
    """What hosts need and Debian lacks; python -m bootstrap.runtimes packs it and says this."""
    time_zone: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z]+(/[A-Z][A-Za-z_]+)+$")] = "Etc/UTC"
    """Of the hosts' clocks and of every schedule."""
    migration_window: QuietHours | None = None
    """In time_zone, 22:00-04:00 for example: make release refuses at other times what migrates a
    database, unless NOW=1 is given."""
    pools: dict[Name, Pool] = {}
    applications: dict[ApplicationName, PlacedApplication]
    releases: dict[ApplicationName, Version] = {}
    rotations: dict[
        ApplicationName,
        dict[
            Annotated[str, Field(pattern=r"^([A-Z][A-Z0-9_]*|stores(\.[a-z0-9_-]+){2})$")], Rotation
        ],
    ] = {}
    """Secrets that have been rotated: NAME of a two-key secret, or stores.STORE.ROLE."""
    alerts: Alerts = Alerts()
    exemptions: tuple[Exemption, ...] = ()
