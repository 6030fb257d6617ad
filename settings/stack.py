"""How much of everything a stack has: the shape of Pulumi.STACK.yaml's groundwork keys."""

from datetime import date
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings.model import (
    ApplicationName,
    DatabaseName,
    Days,
    Model,
    Name,
    Size,
    Switch,
    VariableName,
    each_once,
    like,
)


def exists(day: str) -> str:
    """The day itself; ValueError where no calendar has it."""
    try:
        date.fromisoformat(day)
    except ValueError:
        raise ValueError("must be a day of the calendar") from None
    return day


Zone = Annotated[str, like(r"^[a-f]$", "must be the zone's letter alone, a to f")]
# China and GovCloud are other partitions of AWS: their ARNs begin otherwise, and no edge is there.
Region = Annotated[
    str,
    like(
        r"^(af|ap|ca|eu|il|me|mx|sa|us)"
        r"-(north|south|east|west|central|northeast|northwest|southeast|southwest)-\d$",
        "must be a region of AWS, as eu-west-1, outside of China and GovCloud",
    ),
]
InstanceType = Annotated[
    str,
    like(r"^[a-z][a-z0-9-]*\.[a-z0-9]+$", "must be a family and a size, for example t4g.medium"),
]
Domain = Annotated[
    str,
    like(
        r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$",
        "must be a lower-case domain, as shop.example.com, without https:// or a last dot",
        max_length=190,
    ),
]
VERSION = r"^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$"
VERSION_WORDS = "must be letters, digits, dots, dashes and underscores, 64 at most, as 1.4.2"
Version = Annotated[str, like(VERSION, VERSION_WORDS)]
Cidr = IPv4Network
WEEKDAY = "(mon|tue|wed|thu|fri|sat|sun)"
Weekly = Annotated[
    str,
    like(
        rf"^{WEEKDAY}:\d\d:\d\d-{WEEKDAY}:\d\d:\d\d$",
        "must be days and times in UTC, for example sat:19:00-sat:20:00",
    ),
]
Daily = Annotated[
    str, like(r"^\d\d:\d\d-\d\d:\d\d$", "must be times of a day in UTC, for example 18:00-18:30")
]
TIME_OF_DAY = r"([01]\d|2[0-3]):[0-5]\d"
QuietHours = Annotated[
    str,
    like(rf"^{TIME_OF_DAY}-{TIME_OF_DAY}$", "must be times of a day, for example 22:00-04:00"),
]
Day = Annotated[
    str,
    like(r"^\d{4}-\d\d-\d\d$", 'must be a day in quotes, as "2027-03-31"'),
    AfterValidator(exists),
]
ImageId = Annotated[
    str, like(r"^ami-[0-9a-f]{8,17}$", "must be an image's id: ami- and 8 to 17 of 0-9 and a-f")
]


class Network(Model):
    """The stack's own private network."""

    cidr: Cidr
    zones: Annotated[tuple[Zone, ...], Field(min_length=1, max_length=6)]
    """Letters of the region's zones; two at least wherever a load balancer or a database stands."""
    nat: Literal["none", "single", "per-zone"] = "single"
    endpoints: Annotated[
        tuple[
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
        ],
        AfterValidator(each_once),
    ] = ()
    """Interface endpoints; the gateway endpoint of S3 is always there."""
    flow_log_days: Days = 30


class Bastion(Model):
    """The operations instance has a public address and answers SSH from listed ranges only."""

    kind: Literal["bastion"]
    allowed_from: Annotated[tuple[Cidr, ...], Field(min_length=1), AfterValidator(each_once)]


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


EmailAddress = Annotated[
    str, like(r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "must be an address, as team@example.com")
]


class HostEdge(Model):
    """One machine answers the world itself, with certificates that it gets by ACME."""

    kind: Literal["host"]
    pool: Name
    authority: Annotated[
        str,
        like(
            r"^https://[A-Za-z0-9.-]+(:\d{1,5})?(/[\w./-]*)?$",
            "must be the https:// address of an authority's directory",
        ),
    ] = "https://acme-v02.api.letsencrypt.org/directory"
    """Directory of the ACME authority that issues certificates (RFC 8555, section 7.1.1)."""
    email: EmailAddress | None = None
    """Contact that the authority is given; Let's Encrypt asks for none."""


Tls = Literal["TLSv1.2", "TLSv1.3"]
Edge = Annotated[CdnEdge | LoadBalancerEdge | HostEdge, Field(discriminator="kind")]


class Route53(Model):
    """Records are made in hosted zones that this account has already."""

    kind: Literal["route53"]
    zones: dict[
        Domain,
        Annotated[
            str,
            like(r"^Z[A-Z0-9]{5,31}$", "must be a hosted zone's id alone: Z and 5 letters or more"),
        ],
    ]
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

    x86_64: ImageId | None = None
    arm64: ImageId | None = None
    user: Annotated[
        str, like(r"^[a-z][a-z0-9-]*$", "must be a Linux user: lower-case letters, digits and -")
    ] = "admin"
    """Whom the image lets log in with the deploy key; Debian's own images have admin."""


class RuntimeArchive(Model):
    """A pinned archive of the artifact bucket: runtimes/NAME-VERSION-ARCHITECTURE.tar.gz."""

    version: Annotated[str, like(r"^\d+\.\d+\.\d+$", "must be three numbers with dots, as 24.21.0")]
    sha256: dict[
        Literal["x86_64", "arm64"],
        Annotated[str, like(r"^[0-9a-f]{64}$", "must be a SHA-256: 64 of 0-9 and a-f")],
    ]


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
    image: (
        Annotated[
            str,
            like(
                r"^([^\s@]+@)?sha256:[0-9a-f]{64}$",
                "must be a digest, not a tag: REPOSITORY@sha256: or sha256: and 64 of 0-9 and a-f",
            ),
        ]
        | None
    ) = None
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
    name: DatabaseName | None = None
    """Of the database on this stack, where it differs from the application file's."""
    instance_class: Annotated[
        str,
        like(r"^db\.[a-z0-9]+\.[a-z0-9]+$", "must be a class of RDS, for example db.t4g.medium"),
    ]
    storage_gb: Annotated[int, Field(strict=True, ge=20, le=65_536)] = 20
    max_storage_gb: Annotated[int, Field(strict=True, ge=20, le=65_536)] | None = None
    replicas: Annotated[int, Field(strict=True, ge=0, le=5)] = 0
    multi_az: Switch = False
    major_upgrade: Switch = False
    """The database may go to a newer major version, once the application file names one."""
    zone: Zone | None = None
    """Of the primary, where it has no standby in another zone."""
    backup_days: Annotated[int, Field(strict=True, ge=0, le=35)] = 7
    backup_window: Daily = "18:00-18:30"
    """UTC; the manuals' 02:00 in Asia/Shanghai."""
    maintenance_window: Weekly = "sat:19:00-sat:20:00"


class CacheSize(Model):
    """How much of a cache this stack has."""

    kind: Literal["cache"]
    node_type: Annotated[
        str,
        like(
            r"^cache\.[a-z0-9]+\.[a-z0-9]+$",
            "must be a node type of ElastiCache, for example cache.t4g.small",
        ),
    ]
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
    since: Day | None = None
    """Day on which it came into use; make rotate writes it."""

    @property
    def announced(self) -> bool:
        """Whether the accepted one is the next, which nobody uses yet."""
        return self.accepted > self.current


class Alerts(Model):
    """Who is told when something is wrong."""

    email: Annotated[tuple[EmailAddress, ...], AfterValidator(each_once)] = ()


class Exemption(Model):
    """A policy rule that does not hold for one resource, for a reason and until a day."""

    rule: str
    resource: str
    reason: Annotated[str, Field(min_length=10)]
    until: Day


class Stack(Model):
    """Everything under groundwork: in Pulumi.STACK.yaml, less the secrets."""

    region: Region
    recovery_region: Region
    """Where copies of backups go."""
    account: (
        Annotated[str, like(r"^\d{12}$", "must be an account's 12 digits, without dashes")] | None
    ) = None
    """The one AWS account that may be touched; another one's keys are refused."""
    durable: Switch
    """Protected, in several zones, with long backups; nothing is deleted without a person."""
    owner: Annotated[
        str,
        like(r"^[\w .@+-]{1,64}$", "must be letters, digits, spaces and _ . @ + -, 64 at most"),
    ]
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
        tuple[
            Annotated[
                str,
                like(
                    r"^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}( \S+)?$",
                    "must be the line of a .pub file of ssh-keygen -t ed25519, "
                    "with one word behind it at most",
                ),
            ],
            ...,
        ],
        Field(min_length=1, max_length=2),
    ]
    """Public halves; two while one replaces the other. The private half is secret configuration."""
    artifacts: Annotated[
        str,
        like(
            r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
            "must be a bucket's name: 3 to 63 lower-case letters, digits and hyphens",
        ),
    ]
    """Versioned bucket of release artifacts, made once, before the stack."""
    runtimes: dict[
        Annotated[str, like(r"^(node-\d+|pm2)$", "must be node-MAJOR, as node-24, or pm2")],
        RuntimeArchive,
    ] = {}
    """What hosts need and Debian lacks; python -m bootstrap.runtimes packs it and says this."""
    time_zone: Annotated[
        str,
        like(
            r"^[A-Z][A-Za-z]+(/[A-Z][A-Za-z_-]+)+$",
            "must be AREA/PLACE of the IANA time zone database, as Europe/Berlin or Etc/UTC",
        ),
    ] = "Etc/UTC"
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
            Annotated[
                str,
                like(
                    r"^([A-Z][A-Z0-9_]*|stores(\.[a-z0-9_-]+){2})$",
                    "must be a secret's NAME or stores.STORE.ROLE",
                ),
            ],
            Rotation,
        ],
    ] = {}
    """Secrets that have been rotated: NAME of a two-key secret, or stores.STORE.ROLE."""
    alerts: Alerts = Alerts()
    exemptions: tuple[Exemption, ...] = ()
