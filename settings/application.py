"""What an application is, the same on every stack: the shape of apps/NAME.yaml."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings.model import (
    ApplicationName,
    Cron,
    DatabaseName,
    Days,
    Engine,
    Model,
    Name,
    Percent,
    PlainPath,
    Port,
    RoutePath,
    Seconds,
    Size,
    Switch,
    UrlPath,
    VariableName,
    Whole,
    like,
)

Value = (
    Annotated[str, Field(max_length=4096)] | Whole | Switch | Annotated[float, Field(strict=True)]
)

# On hosts nginx answers for a service on its own port plus this, so that several services share
# a machine and each target group still checks the health of exactly one of them.
FRONT_PORT_OFFSET = 10_000


# A name that begins with one dot, as .next, is a folder; two lead out of the release.
WITHIN = r"\.?[\w@+-][\w@.+-]*(/\.?[\w@+-][\w@.+-]*)*$"
Script = Annotated[
    str,
    like(
        rf"^(\./)?{WITHIN}",
        "must be a file of the release, as dist/main.js: no / first, no .., and no words behind it "
        "(arguments have a key of their own)",
        max_length=200,
    ),
]


class Pm2(Model):
    """Node under PM2, one process a core or a fixed number."""

    kind: Literal["pm2"]
    node: Annotated[int, Field(strict=True, ge=18, le=30)] = 24
    start: Script
    """Script that PM2 starts, relative to the release."""
    arguments: tuple[str, ...] = ()
    mode: Literal["cluster", "fork"] = "cluster"
    instances: Annotated[int, Field(strict=True, ge=1, le=64)] | Literal["max"] = "max"
    memory_limit: Size | None = None
    """PM2 restarts a process that grows beyond this."""
    restart_at: Cron | None = None
    """A daily restart, done as a rolling reload."""


class Node(Model):
    """Node as one systemd service."""

    kind: Literal["node"]
    node: Annotated[int, Field(strict=True, ge=18, le=30)] = 24
    start: Script
    arguments: tuple[str, ...] = ()
    memory_limit: Size | None = None


class Java(Model):
    """A jar as one systemd service."""

    kind: Literal["java"]
    java: Annotated[int, Field(strict=True, ge=17, le=30)] = 21
    start: Script = "app.jar"
    heap: Size = "1G"
    heap_start: Size | None = None
    options: tuple[str, ...] = ()
    """JVM options before -jar; logging of the collector in the form of -Xlog."""
    memory_limit: Size | None = None


class Container(Model):
    """An image of the application's own; it runs where the placement is ecs."""

    kind: Literal["container"]
    command: tuple[str, ...] = ()


Runtime = Annotated[Pm2 | Node | Java | Container, Field(discriminator="kind")]


class Health(Model):
    """How a load balancer and the hosts decide that a service may take traffic."""

    path: PlainPath
    """Light check; never one that asks the database, or its outage takes every host out."""
    deep: PlainPath | None = None
    """Check of everything behind the service; used by monitoring only."""
    status: Annotated[
        str,
        like(
            r"^[2-4]\d\d([,-][2-4]\d\d)*$",
            "must be status codes from 200 to 499, for example 200, 200-299 or 200,204",
        ),
    ] = "200"
    interval_seconds: Annotated[int, Field(strict=True, ge=1, le=300)] = 15
    timeout_seconds: Annotated[int, Field(strict=True, ge=1, le=120)] = 5
    healthy: Annotated[int, Field(strict=True, ge=2, le=10)] = 2
    unhealthy: Annotated[int, Field(strict=True, ge=2, le=10)] = 3


class Route(Model):
    """Requests that belong to a service: a public host and a path, never stripped."""

    host: Name
    path: RoutePath = "/*"
    websocket: Switch = False
    upload: Switch = False
    """Bodies larger than the 8 KB that the managed firewall rules allow come in here."""
    read_timeout_seconds: Seconds | None = None

    def covers(self, path: str) -> bool:
        """Whether all that begins with a path comes in here."""
        return self.path.endswith("*") and path.startswith(self.path.rstrip("*").rstrip("/"))


class RateLimit(Model):
    """Requests of one client, counted on the host by nginx and more coarsely at the edge."""

    requests_per_second: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    burst: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 0
    connections: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    log_in: dict[UrlPath, Annotated[int, Field(strict=True, ge=1, le=10_000)]] = {}
    """Beginnings of paths where passwords are tried → requests a minute, on hosts and at the edge;
    the firewall counts no fewer than 10."""


class Stickiness(Model):
    """One client stays with one target."""

    duration_seconds: Annotated[int, Field(strict=True, ge=1, le=604_800)] = 3600


class Balancing(Model):
    """How requests are spread over the targets of a service."""

    algorithm: Literal["round_robin", "least_outstanding_requests"] = "round_robin"
    stickiness: Stickiness | None = None
    drain_seconds: Annotated[int, Field(strict=True, ge=0, le=3600)] = 30
    """How long a target that leaves may finish what it has begun."""


class Proxy(Model):
    """What nginx does in front of a service."""

    body_limit: Size = "1M"
    body_timeout_seconds: Seconds = 60
    read_timeout_seconds: Seconds = 60
    keepalive: Annotated[int, Field(strict=True, ge=0, le=1024)] = 64
    rate_limit: RateLimit | None = None


class Egress(Model):
    """An outside address that a service may call."""

    host: Annotated[
        str,
        like(
            r"^[a-z0-9*]([a-z0-9.-]*[a-z0-9])?$",
            "must be a lower-case host name without https:// or a path; * stands for any",
            max_length=253,
        ),
    ]
    port: Port = 443
    purpose: str


class ImageBuild(Model):
    """The application's own Dockerfile, for a stack that builds images itself (build: true)."""

    context: Annotated[str, Field(min_length=1)]
    """Folder that the container engine is given; relative to the folder of Pulumi.yaml."""
    dockerfile: Annotated[str, Field(min_length=1)] = "Dockerfile"
    """Within the context."""
    target: Annotated[str, Field(min_length=1)] | None = None
    """Stage of it; absent: the last."""


class Build(Model):
    """How a release of a service is made from its source."""

    image: ImageBuild | None = None
    """What its image on ecs is built of; the public values below are the build's arguments."""

    commands: tuple[str, ...] = ()
    output: str | None = None
    """Folder or file that the artifact is made of."""
    environment: dict[VariableName, Value] = {}
    """Public values fixed while building (NEXT_PUBLIC_…, VITE_…); a secret is refused here."""


class Service(Model):
    """A process of the application: a web server, an API, a worker."""

    runtime: Runtime
    port: Port | None = None
    """Where it listens; a worker has none."""
    health: Health | None = None
    routes: tuple[Route, ...] = ()
    denied: tuple[UrlPath, ...] = ()
    """Beginnings of paths that nobody outside may ask for; longer routes within them stay open."""
    balancing: Balancing = Balancing()
    proxy: Proxy = Proxy()
    environment: dict[VariableName, Value] = {}
    """Variables; ${hosts.api}, ${stores.main.url}, ${buckets.models.name}, ${secrets.NAME} and
    ${stack.region} are filled in."""
    build: Build = Build()
    egress: tuple[Egress, ...] = ()
    stop_seconds: Annotated[int, Field(strict=True, ge=1, le=600)] = 30
    """How long it may take to finish after it was told to stop."""
    writable: tuple[
        Annotated[str, like(rf"^{WITHIN}", "must be a folder, as uploads: no / first, no ..")],
        ...,
    ] = ()
    """Directories under /var/lib/APPLICATION-SERVICE that it may write to; everything else is
    read-only."""
    files: dict[
        Annotated[
            str,
            like(
                r"^[a-z0-9][a-z0-9._-]*$",
                "must be a file's name, without a folder: lower-case letters, digits, . _ and -",
                max_length=64,
            ),
        ],
        str,
    ] = {}
    """Configuration that it reads from files, on hosts: name → text, laid down as
    /etc/groundwork/APPLICATION-SERVICE/NAME. Nothing in it is filled in."""
    startup_seconds: Annotated[int, Field(strict=True, ge=1, le=900)] = 60
    steady_seconds: Annotated[int, Field(strict=True, ge=1, le=300)] = 10
    """How long a worker must keep running, on hosts, before a release takes it for well: whatever
    answers nobody can only be watched. One that is started again meanwhile fails the release."""

    @property
    def front_port(self) -> int | None:
        """Port of nginx in front of this service on a host."""
        return None if self.port is None else self.port + FRONT_PORT_OFFSET


class Site(Model):
    """A folder of files served without a process."""

    host: Name
    path: RoutePath = "/*"
    single_page: Switch = False
    """Unknown paths without a file extension answer index.html."""
    immutable: tuple[UrlPath, ...] = ()
    """Path patterns of fingerprinted files, cached for a year."""
    port: Port = 8000
    """Names its place on a host, as a service's port does; nothing but nginx answers for it."""
    build: Build = Build()

    @property
    def front_port(self) -> int:
        """Port of nginx that serves this site on a host."""
        return self.port + FRONT_PORT_OFFSET


ParameterName = Annotated[
    str,
    like(
        r"^[a-z][a-z0-9_.]*$",
        "must be a parameter's name in lower-case letters, as the engine's manual has it",
    ),
]
EngineVersion = Annotated[str, like(r"^\d+(\.\d+)*$", 'must be numbers with dots, as "17"')]
DatabaseUser = Annotated[
    str,
    like(
        r"^[a-z][a-z0-9_]*$",
        "must be lower-case letters, digits and _, a letter first",
        max_length=32,
    ),
]


class DatabaseRole(Model):
    """A database user of this application beside its owner."""

    rights: Literal["write", "read"]
    settings: dict[ParameterName, str] = {}
    """ALTER ROLE … SET, for example statement_timeout: 10s."""


# A daily dump that takes its time, or waits for others, is not missed yet.
HOURS_WITHOUT_DUMP = 26


class Dump(Model):
    """A logical dump, on schedule, into a bucket."""

    schedule: Cron
    """Each day: an alarm is raised where none has arrived for 26 hours."""
    bucket: Name
    prefix: Annotated[
        str,
        like(r"^[a-z0-9][a-z0-9/-]*$", "must be lower-case letters, digits, / and -, no / first"),
    ] = "database"
    keep_days: Days
    validate_with: str | None = None
    """A query whose answer proves that a restored dump holds data."""
    drill: Cron | None = "0 4 1 * *"
    """When the newest is restored into a scratch database and validated; null: by hand alone."""


class Database(Model):
    """A relational database of this application."""

    kind: Engine
    version: EngineVersion
    """Major version; minor ones are taken by the service in its maintenance window."""
    name: DatabaseName
    owner: DatabaseUser
    """Role that owns the tables and runs migrations; never the administrator."""
    roles: dict[DatabaseUser, DatabaseRole]
    extensions: tuple[
        Annotated[str, like(r"^[a-z][a-z0-9_-]*$", "must be an extension's name, as pg_trgm")], ...
    ] = ()
    parameters: dict[ParameterName, str | Whole | Annotated[float, Field(strict=True)]] = {}
    """Server parameters as the manual writes them (256MB, 1GB, on); "auto" keeps the default."""
    slow_query_ms: Annotated[int, Field(strict=True, ge=1)] | None = 1000
    character_set: Annotated[
        str,
        like(r"^[A-Za-z0-9_]+$", "must be the engine's name of it, as UTF8 or utf8mb4"),
    ] = "UTF8"
    after_migration: tuple[str, ...] = ()
    """SQL that may be run again and again, for example CREATE INDEX CONCURRENTLY IF NOT EXISTS."""
    url_parameters: dict[str, str | Whole] = {}
    """Added to the url's query, for example connection_limit and pool_timeout."""
    pool_per_process: Annotated[int, Field(strict=True, ge=1)] | None = None
    dump: Dump | None = None


class Cache(Model):
    """A Redis-compatible store of this application."""

    kind: Literal["redis"]
    version: EngineVersion = "7.1"
    policy: Literal[
        "noeviction",
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
    ] = "allkeys-lru"
    memory: Size = "256M"
    """What the application counts on; the node must offer at least this."""
    queue: Switch = False
    """Holds jobs: nothing may ever be evicted from it."""
    keep_snapshots_days: Annotated[int, Field(strict=True, ge=0, le=35)] = 0


Store = Annotated[Database | Cache, Field(discriminator="kind")]


class Cors(Model):
    """Who may use a bucket from a browser."""

    origins: Annotated[tuple[str, ...], Field(min_length=1)]
    methods: tuple[Literal["GET", "HEAD", "PUT", "POST", "DELETE"], ...] = ("GET", "HEAD")
    expose: tuple[str, ...] = ("ETag",)


class Expiry(Model):
    """Objects under a prefix that go after some days."""

    prefix: str = ""
    days: Days


class Bucket(Model):
    """A private object store of this application; all of them keep versions."""

    purpose: str
    noncurrent_days: Days = 30
    """How long what was overwritten or deleted can be had back."""
    expire: tuple[Expiry, ...] = ()
    cors: Cors | None = None
    host: Name | None = None
    """Public host name under which the content network serves it."""


class GeneratedSecret(Model):
    """A secret that nobody has to invent."""

    kind: Literal["generated"]
    format: Literal["alphanumeric", "hex", "base64"] = "base64"
    bytes: Annotated[int, Field(strict=True, ge=16, le=256)] = 32
    """Bytes of randomness; an alphanumeric one has this many characters."""
    rotate: Literal["never", "two-key"] = "never"
    """With two-key, NAME_PREVIOUS holds another value that is accepted, so that make rotate logs
    nobody out; a key that encrypts stored data must stay, or be replaced by the application."""
    overlap_days: Days = 7
    """How long what was signed with a key stays valid: so long it is accepted after a rotation."""


def compiles(pattern: str) -> str:
    """The pattern itself; ValueError where it is no regular expression."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"must be a regular expression: {error}") from None
    return pattern


class SuppliedSecret(Model):
    """A secret that only a person can know, given in the stack's secret configuration."""

    kind: Literal["supplied"]
    purpose: str
    min_length: Annotated[int, Field(strict=True, ge=1, le=4096)] = 8
    pattern: Annotated[str, AfterValidator(compiles)] | None = None
    """Regular expression that the whole value matches."""


Secret = Annotated[GeneratedSecret | SuppliedSecret, Field(discriminator="kind")]


Folder = Annotated[
    str,
    like(
        r"^\w[\w.-]*(/\w[\w.-]*)*$",
        "must be a folder within the release, for example db/migrations: no / first, no ..",
        max_length=200,
    ),
]


class SqlFiles(Model):
    """SQL files of the release, run by the platform: VERSION_name.sql in the order of versions.

    Each is one transaction with its row of schema_migrations; VERSION_name.down.sql undoes it.
    """

    directory: Folder = "migrations"
    """Within the service's part of the release, or within its jar."""
    down_directory: Folder | None = None
    """Where the files that undo lie; absent: beside the others."""


class Migration(Model):
    """What brings the database from release to release, run once, from one place."""

    service: Name
    store: Name
    command: Annotated[str, Field(min_length=1)] | None = None
    """A command of the release's own; either this or sql."""
    sql: SqlFiles | None = None
    down: Annotated[str, Field(min_length=1)] | None = None
    """Command that goes back; MIGRATION_TARGET says how far. SQL files have their own."""
    seed: Annotated[str, Field(min_length=1)] | None = None
    """Command that gives an empty database its first content; run where a person asks for it."""
    dump_first: Switch = False


class Schedule(Model):
    """A command of a service's release, run by the clock on exactly one host."""

    service: Name
    at: Cron
    command: Annotated[str, Field(min_length=1)]


class Thresholds(Model):
    """When a person is told; of hosts, what the most careful of their applications says."""

    cpu_percent: Percent = 80
    memory_percent: Percent = 85
    """Of a host, what programs could not have any more."""
    disk_percent: Percent = 90
    """Of a host. One that has begun to measure and stops is told too."""
    slow_request_ms: Annotated[int, Field(strict=True, ge=1)] = 1000
    stuck_request_ms: Annotated[int, Field(strict=True, ge=1)] | None = None
    """A second limit, for one answer in twenty, where slow and broken are told apart."""
    error_percent: Percent = 5
    """Of the answers of a service, within five minutes."""


class Headers(Model):
    """Response headers of every answer."""

    frame_options: Literal["DENY", "SAMEORIGIN"] = "SAMEORIGIN"
    referrer_policy: Literal[
        "no-referrer",
        "no-referrer-when-downgrade",
        "origin",
        "origin-when-cross-origin",
        "same-origin",
        "strict-origin",
        "strict-origin-when-cross-origin",
        "unsafe-url",
    ] = "strict-origin-when-cross-origin"
    content_security_policy: (
        Annotated[
            str,
            like(r"^[\x20-\x23\x25-\x7e]+$", "must be one line of ASCII without $: >- joins lines"),
        ]
        | None
    ) = None
    hsts_seconds: Annotated[int, Field(strict=True, ge=0, le=63_072_000)] = 31_536_000


class StaticFiles(Model):
    """Fingerprinted files that services serve, cached for a year."""

    extensions: tuple[
        Annotated[str, like(r"^[a-z0-9]+$", "must be an ending without its dot, as js")], ...
    ] = ()
    max_age_seconds: Annotated[int, Field(strict=True, ge=0)] = 31_536_000


class Compression(Model):
    """Compression of answers on hosts."""

    min_bytes: Annotated[int, Field(strict=True, ge=0)] = 1024
    level: Annotated[int, Field(strict=True, ge=1, le=9)] = 6
    types: tuple[
        Annotated[
            str, like(r"^[a-z]+/[a-z0-9.+-]+$", "must be a media type alone, as application/json")
        ],
        ...,
    ] = ()


class Logs(Model):
    """Logs of the application: on hosts the journal and PM2's files, rotated daily and compressed;
    of its tasks and stores the log groups. Files that it writes itself it rotates itself."""

    keep_days: Days = 30
    """On a host with several applications, the longest holds for the journal."""


class ReleaseStrategy(Model):
    """How a new version takes over."""

    kind: Literal["rolling", "blue-green"] = "rolling"
    second_port: Port | None = None
    """Port of the other colour on the same host; services with routes get their own or this one
    in the variable PORT."""
    hold_seconds: Annotated[int, Field(strict=True, ge=0, le=3600)] = 0
    """How long the old colour stays ready after the switch."""
    keep: Annotated[int, Field(strict=True, ge=2, le=20)] = 5


class Application(Model):
    """Everything about an application that does not depend on where it runs."""

    name: ApplicationName
    title: Annotated[str, Field(min_length=1, max_length=100)]
    hosts: dict[
        Name,
        Annotated[
            str,
            like(
                r"^(@|[a-z0-9]([a-z0-9-]*[a-z0-9])?)$",
                "must be one label under the stack's domain, as api, or @ for the domain itself",
                max_length=63,
            ),
        ],
    ]
    """Public host names under the stack's domain for this application; @ is the domain itself."""
    services: dict[Name, Service] = {}
    sites: dict[Name, Site] = {}
    stores: dict[Name, Store] = {}
    buckets: dict[Name, Bucket] = {}
    secrets: dict[VariableName, Secret] = {}
    migration: Migration | None = None
    schedules: dict[Name, Schedule] = {}
    release: ReleaseStrategy = ReleaseStrategy()
    headers: Headers = Headers()
    static_files: StaticFiles = StaticFiles()
    compression: Compression = Compression()
    thresholds: Thresholds = Thresholds()
    logs: Logs = Logs()

    def colours(self, service: str) -> tuple[int, int] | None:
        """The two ports of a service on a host, of which one answers, if it is released so."""
        shape, strategy = self.services[service], self.release
        if strategy.kind != "blue-green" or not shape.routes:
            return None
        if shape.port is None or strategy.second_port is None:
            return None
        return shape.port, strategy.second_port

    @property
    def databases(self) -> dict[str, Database]:
        return {key: store for key, store in self.stores.items() if isinstance(store, Database)}

    @property
    def caches(self) -> dict[str, Cache]:
        return {key: store for key, store in self.stores.items() if isinstance(store, Cache)}
