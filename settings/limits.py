"""What AWS refuses and a stand-in would accept: one sourced row each, checked before any resource.

A row says where its figure comes from, so that a reader can look whether it still holds.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from settings.application import Database
from settings.instance_types import GIB_OF_A_BURSTABLE, has_a_size
from settings.model import bytes_of
from settings.problem import Problem, shown
from settings.stack import (
    Bastion,
    CacheSize,
    CdnEdge,
    DatabaseSize,
    EcsPlacement,
    HostEdge,
    HostsPlacement,
)
from settings.tree import Settings

Refusal = tuple[str, str, str, str]
"""File, key, value and what is allowed."""

Check = Callable[[Settings], Iterator[Refusal]]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One thing that AWS refuses."""

    id: str
    summary: str
    source: str
    check: Check


LIMITS: list[Limit] = []


def limit(id: str, summary: str, *, source: str) -> Callable[[Check], Check]:
    """Add a row to the table."""

    def add(check: Check) -> Check:
        LIMITS.append(Limit(id=id, summary=summary, source=source, check=check))
        return check

    return add


def problems(settings: Settings) -> list[Problem]:
    """Every refusal that AWS would answer with, in our words."""
    return [
        Problem(file=file, key=key, value=value, allowed=f"{allowed} ({row.source})")
        for row in LIMITS
        for file, key, value, allowed in row.check(settings)
    ]


def _stack(settings: Settings, key: str, value: object, allowed: str) -> Refusal:
    return f"Pulumi.{settings.name}.yaml", f"groundwork:{key}", shown(value), allowed


def _application(name: str, key: str, value: object, allowed: str) -> Refusal:
    return f"apps/{name}.yaml", key, shown(value), allowed


# Network

# Public, private and isolated subnets in each zone; two zones of three tiers and room to grow.
SMALLEST_NETWORK = 20


@limit(
    "vpc-size",
    "A VPC has between /16 and /28; three tiers in up to six zones need /20 or more",
    source="Amazon VPC user guide, VPC CIDR blocks",
)
def _vpc_size(settings: Settings) -> Iterator[Refusal]:
    cidr = settings.stack.network.cidr
    if not 16 <= cidr.prefixlen <= SMALLEST_NETWORK:
        yield _stack(settings, "network.cidr", cidr, f"must be /16 to /{SMALLEST_NETWORK}")


@limit(
    "vpc-private-range",
    "A VPC's first range is one of RFC 1918, or names of hosts do not resolve privately",
    source="Amazon VPC user guide, VPC CIDR blocks",
)
def _vpc_private(settings: Settings) -> Iterator[Refusal]:
    cidr = settings.stack.network.cidr
    if not cidr.is_private:
        yield _stack(settings, "network.cidr", cidr, "must lie in 10/8, 172.16/12 or 192.168/16")


@limit(
    "two-zones",
    "A load balancer and a database subnet group need subnets in two zones",
    source="Elastic Load Balancing user guide, subnets; RDS user guide, DB subnet groups",
)
def _two_zones(settings: Settings) -> Iterator[Refusal]:
    stack = settings.stack
    balanced = not isinstance(stack.edge, HostEdge)
    databases = any(application.databases for application in settings.applications.values())
    if (balanced or databases) and len(stack.network.zones) < 2:
        yield _stack(settings, "network.zones", list(stack.network.zones), "must be two or more")


@limit(
    "group-rules",
    "A security group holds 60 inbound rules",
    source="Amazon VPC user guide, quotas",
)
def _group_rules(settings: Settings) -> Iterator[Refusal]:
    access = settings.stack.access
    if isinstance(access, Bastion) and len(access.allowed_from) > 60:
        count = len(access.allowed_from)
        yield _stack(settings, "access.allowed_from", count, "must be 60 ranges at most")


@limit(
    "group-name",
    "A security group's name must not begin with sg-",
    source="Amazon EC2 API reference, CreateSecurityGroup",
)
def _group_name(settings: Settings) -> Iterator[Refusal]:
    for name in settings.applications:
        if name == "sg" or name.startswith("sg-"):
            yield _application(name, "name", name, "must not begin with sg-")
    for pool in settings.stack.pools:
        if pool == "sg" or pool.startswith("sg-"):
            yield _stack(settings, f"pools.{pool}", pool, "must not begin with sg-")


# Machines


@limit(
    "instance-type",
    "An instance type has one of EC2's sizes, a burstable one (t) of its seven",
    source="Amazon EC2 instance types guide, naming conventions",
)
def _instance_type(settings: Settings) -> Iterator[Refusal]:
    types = {f"pools.{name}": pool.instance_type for name, pool in settings.stack.pools.items()}
    types["operations"] = settings.stack.operations.instance_type
    for key, instance_type in types.items():
        if not has_a_size(instance_type):
            family, _, size = instance_type.partition(".")
            burstable = family.startswith("t")
            sizes = ", ".join(GIB_OF_A_BURSTABLE) if burstable else "large, xlarge, 2xlarge …"
            allowed = f"there is no size {size}: {family} has {sizes}"
            yield _stack(settings, f"{key}.instance_type", instance_type, allowed)


# Of CloudWatch, in days.
RETENTIONS = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731}
    | {1096, 1827, 2192, 2557, 2922, 3288, 3653}
)


@limit(
    "log-retention",
    "A log group keeps what it has for certain numbers of days",
    source="Amazon CloudWatch Logs API reference, PutRetentionPolicy",
)
def _log_retention(settings: Settings) -> Iterator[Refusal]:
    allowed = f"must be one of {', '.join(map(str, sorted(RETENTIONS)))}"
    days = settings.stack.network.flow_log_days
    if days not in RETENTIONS:
        yield _stack(settings, "network.flow_log_days", days, allowed)
    for name, application in settings.applications.items():
        days = application.logs.keep_days
        # On hosts the journal keeps logs, for any number.
        ecs = isinstance(settings.placed(name).placement, EcsPlacement)
        if (application.databases or application.caches or ecs) and days not in RETENTIONS:
            yield _application(name, "logs.keep_days", days, allowed)


# Hosts

# Families without a way of their own to their disks, which every host is asked for.
WITHOUT_EBS = frozenset({"t1", "t2", "m1", "m2", "m3", "c1", "c3", "cr1", "r3", "i2", "g2"})


@limit(
    "ebs-optimized",
    "Instances of old families cannot be EBS-optimized, in some sizes or in all",
    source="Amazon EC2 user guide, EBS-optimized instance types",
)
def _ebs_optimized(settings: Settings) -> Iterator[Refusal]:
    for pool, size in settings.stack.pools.items():
        if size.instance_type.split(".")[0] in WITHOUT_EBS:
            yield _stack(
                settings,
                f"pools.{pool}.instance_type",
                size.instance_type,
                "must be of a current family",
            )


# Names. Pulumi adds a hyphen and seven characters to a logical name.
SUFFIX = 8


@limit(
    "target-group-name",
    "A target group's name has 32 characters at most",
    source="Elastic Load Balancing API reference, CreateTargetGroup",
)
def _target_group_name(settings: Settings) -> Iterator[Refusal]:
    room = 32 - SUFFIX
    for name, application in settings.applications.items():
        balanced = {
            **{f"services.{key}": key for key, of in application.services.items() if of.routes},
            **{f"sites.{key}": key for key in settings.hosted_sites(name)},
        }
        for key, part in balanced.items():
            if len(f"{name}-{part}") > room:
                yield _application(
                    name,
                    key,
                    f"{name}-{part}",
                    f"application and service name together may have {room - 1} characters",
                )


@limit(
    "replication-group-id",
    "A replication group's identifier has 40 characters at most",
    source="ElastiCache API reference, CreateReplicationGroup",
)
def _replication_group_id(settings: Settings) -> Iterator[Refusal]:
    room = 40 - SUFFIX
    for name, application in settings.applications.items():
        for store in application.caches:
            if len(f"{name}-{store}") > room:
                yield _application(
                    name,
                    f"stores.{store}",
                    f"{name}-{store}",
                    f"application and store name together may have {room - 1} characters",
                )


@limit(
    "bucket-name",
    "A bucket's name has no two dots in a row, is no address and has no reserved beginning or end",
    source="Amazon S3 user guide, bucket naming rules",
)
def _bucket_name(settings: Settings) -> Iterator[Refusal]:
    name = settings.stack.artifacts
    if (
        ".." in name
        or re.fullmatch(r"\d+(\.\d+){3}", name)
        or name.startswith(("xn--", "sthree-", "amzn-s3-demo-"))
        or name.endswith(("-s3alias", "--ol-s3", ".mrap", "--x-s3"))
    ):
        yield _stack(
            settings,
            "artifacts",
            name,
            "must be a bucket name: no two dots in a row, no address, no reserved beginning or end",
        )


@limit(
    "bucket-dots",
    "A bucket with a dot in its name has no valid certificate on its own host name",
    source="Amazon S3 user guide, bucket naming rules",
)
def _bucket_dots(settings: Settings) -> Iterator[Refusal]:
    if "." in settings.stack.artifacts:
        yield _stack(settings, "artifacts", settings.stack.artifacts, "must have no dot")


# Edge


@limit(
    "content-policy-length",
    "CloudFront sends 1,783 characters of a content security policy at most",
    source="Amazon CloudFront developer guide, quotas on headers",
)
def _content_policy_length(settings: Settings) -> Iterator[Refusal]:
    cdn = isinstance(settings.stack.edge, CdnEdge)
    for name, application in settings.applications.items():
        policy = application.headers.content_security_policy
        distributed = cdn or any(bucket.host for bucket in application.buckets.values())
        if distributed and policy is not None and len(policy) > 1783:
            yield _application(
                name,
                "headers.content_security_policy",
                f"{len(policy)} characters",
                "must be 1783 at most",
            )


@limit(
    "firewall-rule-name",
    "A rule of the firewall has a name of 128 characters at most",
    source="AWS WAF API reference, Rule",
)
def _firewall_rule_name(settings: Settings) -> Iterator[Refusal]:
    if isinstance(settings.stack.edge, HostEdge):
        return
    for name, application in settings.applications.items():
        for service, of in application.services.items():
            paths = of.proxy.rate_limit.log_in if of.proxy.rate_limit else {}
            for path in paths:
                hosts = dict.fromkeys(r.host for r in of.routes if r.covers(path))
                for host in hosts.keys() & application.hosts.keys():
                    # What the rule is called, which the path ends.
                    room = 128 - len(f"log-in-{settings.host_name(name, host)}")
                    if len(path) > room:
                        yield _application(
                            name,
                            f"services.{service}.proxy.rate_limit.log_in",
                            path,
                            f"must be {room} characters at most",
                        )


# Load balancer and certificates


@limit(
    "health-check-bounds",
    "A health check runs every 5 to 300 seconds and waits 2 to 120, less than its interval",
    source="Elastic Load Balancing user guide, target group health checks",
)
def _health_check_bounds(settings: Settings) -> Iterator[Refusal]:
    if isinstance(settings.stack.edge, HostEdge):
        return
    for name, application in settings.applications.items():
        for service, of in application.services.items():
            if not of.routes or of.health is None:
                continue
            key = f"services.{service}.health"
            interval, timeout = of.health.interval_seconds, of.health.timeout_seconds
            if interval < 5:
                yield _application(name, f"{key}.interval_seconds", interval, "must be 5 to 300")
            if timeout < 2:
                yield _application(name, f"{key}.timeout_seconds", timeout, "must be 2 to 120")
            elif timeout >= interval:
                yield _application(
                    name, f"{key}.timeout_seconds", timeout, f"must be below {interval}"
                )


@limit(
    "listener-rules",
    "A load balancer has 100 rules, its default ones not counted",
    source="Elastic Load Balancing user guide, quotas",
)
def _listener_rules(settings: Settings) -> Iterator[Refusal]:
    count = sum(
        len(service.routes) + len(service.denied) * len({route.host for route in service.routes})
        for application in settings.applications.values()
        for service in application.services.values()
    ) + sum(len(settings.hosted_sites(name)) for name in settings.applications)
    if count > 100:
        yield _stack(settings, "applications", count, "their routes together must be 100 at most")


@limit(
    "target-groups",
    "A load balancer has 100 target groups",
    source="Elastic Load Balancing user guide, quotas",
)
def _target_groups(settings: Settings) -> Iterator[Refusal]:
    count = sum(
        bool(service.routes)
        for application in settings.applications.values()
        for service in application.services.values()
    ) + sum(len(settings.hosted_sites(name)) for name in settings.applications)
    if count > 100:
        what = "services with routes and sites on hosts"
        yield _stack(settings, "applications", count, f"{what} must be 100 at most")


@limit(
    "listener-certificates",
    "A load balancer has 25 certificates beside its default one",
    source="Elastic Load Balancing user guide, quotas",
)
def _listener_certificates(settings: Settings) -> Iterator[Refusal]:
    if len(settings.applications) > 26:
        count = len(settings.applications)
        yield _stack(settings, "applications", count, "must be 26 at most on one load balancer")


@limit(
    "certificate-names",
    "A certificate covers 10 names",
    source="AWS Certificate Manager user guide, quotas",
)
def _certificate_names(settings: Settings) -> Iterator[Refusal]:
    for name, application in settings.applications.items():
        if len(application.hosts) > 10:
            yield _application(name, "hosts", len(application.hosts), "must be 10 at most")


@limit(
    "certificate-common-name",
    "The first name of a certificate has 64 characters at most",
    source="AWS Certificate Manager user guide, certificate characteristics",
)
def _certificate_common_name(settings: Settings) -> Iterator[Refusal]:
    for name, application in settings.applications.items():
        for host in application.hosts:
            full = settings.host_name(name, host)
            if len(full) > 64:
                yield _stack(
                    settings, f"applications.{name}.domain", full, "must be 64 characters at most"
                )


@limit(
    "front-port",
    "The port of nginx in front of a service is its own plus 10000 and must be one",
    source="RFC 793, port numbers",
)
def _front_port(settings: Settings) -> Iterator[Refusal]:
    for name, application in settings.applications.items():
        if not isinstance(settings.placed(name).placement, HostsPlacement):
            continue
        for service, of in application.services.items():
            if of.routes and of.front_port is not None and of.front_port > 65535:
                yield _application(
                    name, f"services.{service}.port", of.port, "must be 55535 at most on hosts"
                )
        for site, of in settings.hosted_sites(name).items():
            if of.front_port > 65535:
                yield _application(
                    name, f"sites.{site}.port", of.port, "must be 55535 at most on hosts"
                )


# Databases

# Major versions that RDS offers for new instances under standard support or close to it.
ENGINE_VERSIONS = {
    "postgres": ("13", "14", "15", "16", "17", "18"),
    "mysql": ("8.0", "8.4"),
}


@limit(
    "engine-version",
    "RDS offers certain versions of an engine",
    source="RDS user guide, release calendars of PostgreSQL and MySQL",
)
def _engine_version(settings: Settings) -> Iterator[Refusal]:
    for name, application in settings.applications.items():
        for store, of in application.databases.items():
            known = ENGINE_VERSIONS[of.kind]
            if of.version not in known:
                yield _application(
                    name,
                    f"stores.{store}.version",
                    of.version,
                    f"{of.kind} has the major versions {', '.join(known)}",
                )


# Families whose hardware is too old for any engine version above.
RETIRED_CLASSES = frozenset({"t1", "t2", "m1", "m2", "m3", "m4", "r3", "r4", "cr1"})


@limit(
    "instance-class",
    "Engine versions still sold do not run on retired instance families",
    source="RDS user guide, supported DB engines for DB instance classes",
)
def _instance_class(settings: Settings) -> Iterator[Refusal]:
    for key, size, _ in _databases(settings):
        if size.instance_class.split(".")[1] in RETIRED_CLASSES:
            yield _stack(
                settings, f"{key}.instance_class", size.instance_class, "must be a current family"
            )


BURSTABLE_DATABASES = ("micro", "small", "medium", "large", "xlarge", "2xlarge")


@limit(
    "instance-class-size",
    "A burstable database class (t) is micro to 2xlarge, any other large or more",
    source="RDS user guide, hardware specifications for DB instance classes",
)
def _instance_class_size(settings: Settings) -> Iterator[Refusal]:
    for key, size, _ in _databases(settings):
        _, family, wanted = size.instance_class.split(".")
        if family.startswith("t"):
            known = wanted in BURSTABLE_DATABASES
            sizes = ", ".join(BURSTABLE_DATABASES)
        else:
            known = bool(re.fullmatch(r"large|\d*xlarge", wanted))
            sizes = "large, xlarge, 2xlarge and so on"
        if not known:
            yield _stack(
                settings,
                f"{key}.instance_class",
                size.instance_class,
                f"db.{family} has the sizes {sizes}",
            )


@limit(
    "replicas-need-backups",
    "A read replica's source must have automated backups",
    source="RDS user guide, working with read replicas",
)
def _replicas_need_backups(settings: Settings) -> Iterator[Refusal]:
    for key, size, _ in _databases(settings):
        if size.replicas and not size.backup_days:
            yield _stack(
                settings, f"{key}.backup_days", size.backup_days, "must be 1 or more with replicas"
            )


@limit(
    "major-upgrade",
    "A major upgrade has a snapshot before it only where there are backups, and MySQL's replicas"
    " would have to go first",
    source="RDS user guide, major version upgrades of RDS for PostgreSQL and for MySQL",
)
def _major_upgrade(settings: Settings) -> Iterator[Refusal]:
    for key, size, of in _databases(settings):
        if not size.major_upgrade:
            continue
        if not size.backup_days:
            allowed = "must be 1 or more with major_upgrade"
            yield _stack(settings, f"{key}.backup_days", size.backup_days, allowed)
        if size.replicas and of.kind == "mysql":
            allowed = "must be 0 with major_upgrade, and can be as before once it is over"
            yield _stack(settings, f"{key}.replicas", size.replicas, allowed)


@limit(
    "storage-ceiling",
    "The ceiling of storage autoscaling is at least a tenth above the storage",
    source="RDS user guide, storage autoscaling",
)
def _storage_ceiling(settings: Settings) -> Iterator[Refusal]:
    for key, size, _ in _databases(settings):
        ceiling = size.max_storage_gb
        if ceiling is not None and ceiling * 10 < size.storage_gb * 11:
            least = -(-size.storage_gb * 11 // 10)
            yield _stack(settings, f"{key}.max_storage_gb", ceiling, f"must be {least} or more")


# Of PostgreSQL 13 to 18 on RDS, those that CREATE EXTENSION takes.
EXTENSIONS = """
address_standardizer address_standardizer_data_us amcheck aws_commons aws_lambda aws_s3 bloom
bool_plperl btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance
fuzzystrmatch h3 h3_postgis hll hstore hstore_plperl hypopg intagg intarray ip4r isn
jsonb_plperl lo log_fdw ltree moddatetime mysql_fdw old_snapshot oracle_fdw orafce pageinspect
pg_bigm pg_buffercache pg_cron pg_freespacemap pg_hint_plan pg_partman pg_prewarm pg_proctab
pg_repack pg_similarity pg_stat_statements pg_tle pg_transport pg_trgm pg_visibility
pg_walinspect pgactive pgaudit pgcollection pgcrypto pglogical pgrouting pgrowlocks pgstattuple
pgtap plcoffee plls plperl plpgsql plprofiler plrust pltcl plv8 postgis postgis_raster
postgis_tiger_geocoder postgis_topology postgres_fdw prefix rdkit rds_tools refint seg sslinfo
tablefunc tcn tds_fdw test_parser tsm_system_rows tsm_system_time unaccent uuid-ossp vector xml2
"""


@limit(
    "extensions",
    "RDS has certain extensions of PostgreSQL, and MySQL has none",
    source="Amazon RDS for PostgreSQL release notes, extension versions",
)
def _extensions(settings: Settings) -> Iterator[Refusal]:
    for name, application in settings.applications.items():
        for store, of in application.databases.items():
            for index, extension in enumerate(of.extensions):
                key = f"stores.{store}.extensions.{index}"
                if of.kind == "mysql":
                    yield _application(name, key, extension, "must be absent: mysql has none")
                elif extension not in EXTENSIONS.split():
                    near = get_close_matches(extension, EXTENSIONS.split(), n=1)
                    hint = f": did you mean {near[0]}?" if near else ""
                    allowed = f"must be an extension that RDS has{hint}"
                    yield _application(name, key, extension, allowed)


@limit(
    "database-name",
    "Databases that every server has already",
    source="RDS user guide, settings for DB instances; PostgreSQL manual, template databases",
)
def _database_name(settings: Settings) -> Iterator[Refusal]:
    for key, size, of in _databases(settings):
        own = size.name or of.name
        if of.kind == "postgres" and own in ("postgres", "template0", "template1", "rdsadmin"):
            yield _stack(settings, f"{key}.name", own, "is the server's own: choose another")


@limit(
    "database-owner",
    "Names that the engine or RDS keeps for itself",
    source="RDS user guide, settings for DB instances (master username)",
)
def _database_owner(settings: Settings) -> Iterator[Refusal]:
    for name, application in settings.applications.items():
        for store, of in application.databases.items():
            for role in (of.owner, *of.roles):
                if role in RESERVED_ROLES or role.startswith(("pg_", "rds_")):
                    yield _application(
                        name, f"stores.{store}", role, "is reserved: choose another role name"
                    )


RESERVED_ROLES = frozenset(
    {"rdsadmin", "rdsrepladmin", "postgres", "root", "admin", "administrator", "master", "mysql"}
    | {"public", "none", "user", "groundwork"}
)


@limit(
    "mysql-role-name",
    "A MySQL user name has 32 characters, an RDS MySQL database name none of the server's own",
    source="MySQL reference manual, account names; RDS user guide, settings for DB instances",
)
def _mysql_names(settings: Settings) -> Iterator[Refusal]:
    own = {"mysql", "sys", "information_schema", "performance_schema", "innodb", "tmp"}
    for name, application in settings.applications.items():
        for store, of in application.databases.items():
            if of.kind == "mysql" and of.name.lower() in own:
                yield _application(
                    name, f"stores.{store}.name", of.name, "is the server's own: choose another"
                )


@limit(
    "windows-apart",
    "The backup window and the maintenance window of an instance must not overlap",
    source="RDS API reference, ModifyDBInstance",
)
def _windows_apart(settings: Settings) -> Iterator[Refusal]:
    for key, size, _ in _databases(settings):
        if _overlap(size.backup_window, size.maintenance_window):
            yield _stack(
                settings,
                f"{key}.backup_window",
                size.backup_window,
                f"must not overlap the maintenance window, {size.maintenance_window}",
            )


@limit(
    "window-length",
    "Windows have a length: half an hour for RDS, an hour for ElastiCache",
    source="RDS API reference, CreateDBInstance; ElastiCache API reference, CreateReplicationGroup",
)
def _window_length(settings: Settings) -> Iterator[Refusal]:
    for name in settings.applications:
        for store, size in settings.placed(name).stores.items():
            key = f"applications.{name}.stores.{store}"
            if isinstance(size, DatabaseSize):
                windows = {
                    "backup_window": (size.backup_window, 30),
                    "maintenance_window": (size.maintenance_window, 30),
                }
            else:
                windows = {
                    "snapshot_window": (size.snapshot_window, 60),
                    "maintenance_window": (size.maintenance_window, 60),
                }
            for word, (window, least) in windows.items():
                if _minutes(window) is None:
                    yield _stack(settings, f"{key}.{word}", window, "must be times of a day")
                elif (_minutes(window) or 0) < least:
                    yield _stack(
                        settings, f"{key}.{word}", window, f"must be {least} minutes or longer"
                    )


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
WEEK = 7 * DAY


def _moment(text: str) -> int | None:
    """Minutes since the week or the day began; None where there is no such time."""
    *day, hours, minutes = text.split(":")
    if int(hours) > 23 or int(minutes) > 59:
        return None
    return (DAYS.index(day[0]) * DAY if day else 0) + int(hours) * 60 + int(minutes)


def _minutes(window: str) -> int | None:
    begin, end = map(_moment, window.split("-"))
    if begin is None or end is None:
        return None
    return (end - begin) % (WEEK if window[0].isalpha() else DAY)


def _overlap(daily: str, weekly: str) -> bool:
    """Whether a daily window and a weekly one ever share a minute."""
    length, weekly_length = _minutes(daily), _minutes(weekly)
    begin, weekly_begin = _moment(daily.split("-")[0]), _moment(weekly.split("-")[0])
    if length is None or weekly_length is None or begin is None or weekly_begin is None:
        return False
    return any(
        (day * DAY + begin - weekly_begin) % WEEK < weekly_length
        or (weekly_begin - day * DAY - begin) % WEEK < length
        for day in range(7)
    )


def _databases(settings: Settings) -> Iterator[tuple[str, DatabaseSize, Database]]:
    for name, application in settings.applications.items():
        for store, size in settings.placed(name).stores.items():
            of = application.stores.get(store)
            if isinstance(size, DatabaseSize) and isinstance(of, Database):
                yield f"applications.{name}.stores.{store}", size, of


# Caches

CACHE_VERSIONS = ("6.2", "7.0", "7.1")

# Memory of a node in MiB, before the reserve; ElastiCache user guide, supported node types.
CACHE_MEMORY = {
    "cache.t3.micro": 512,
    "cache.t3.small": 1402,
    "cache.t3.medium": 3164,
    "cache.t4g.micro": 512,
    "cache.t4g.small": 1402,
    "cache.t4g.medium": 3164,
    "cache.m6g.large": 6533,
    "cache.m6g.xlarge": 13_251,
    "cache.m7g.large": 6533,
    "cache.m7g.xlarge": 13_251,
    "cache.r6g.large": 13_384,
    "cache.r6g.xlarge": 26_951,
    "cache.r7g.large": 13_384,
    "cache.r7g.xlarge": 26_951,
}
CACHE_RESERVE = 0.25
"""Share that ElastiCache keeps for backups and failover by default."""


@limit(
    "cache-version",
    "ElastiCache offers Redis in certain versions; what came after is Valkey",
    source="ElastiCache user guide, supported engine versions",
)
def _cache_version(settings: Settings) -> Iterator[Refusal]:
    for name, application in settings.applications.items():
        for store, of in application.caches.items():
            if of.version not in CACHE_VERSIONS:
                yield _application(
                    name,
                    f"stores.{store}.version",
                    of.version,
                    f"redis has the versions {', '.join(CACHE_VERSIONS)}",
                )


@limit(
    "cache-memory",
    "A quarter of a node's memory is reserved, so a node must be larger than what is asked",
    source="ElastiCache user guide, managing reserved memory",
)
def _cache_memory(settings: Settings) -> Iterator[Refusal]:
    for name, application in settings.applications.items():
        for store, of in application.caches.items():
            size = settings.placed(name).stores.get(store)
            if not isinstance(size, CacheSize):
                continue
            key = f"applications.{name}.stores.{store}.node_type"
            memory = CACHE_MEMORY.get(size.node_type)
            if memory is None:
                known = ", ".join(CACHE_MEMORY)
                yield _stack(settings, key, size.node_type, f"known node types are {known}")
            elif memory * (1 - CACHE_RESERVE) * 1024**2 < bytes_of(of.memory):
                usable = int(memory * (1 - CACHE_RESERVE))
                yield _stack(
                    settings,
                    key,
                    size.node_type,
                    f"offers {usable} MiB after the reserve, {name} asks for {of.memory}",
                )


# ECS

# CPU units → the memory sizes in MiB that go with them.
FARGATE_MEMORY = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16_384 + 1, 1024)),
    4096: tuple(range(8192, 30_720 + 1, 1024)),
    8192: tuple(range(16_384, 61_440 + 1, 4096)),
    16_384: tuple(range(32_768, 122_880 + 1, 8192)),
}


@limit(
    "fargate-size",
    "Fargate sells CPU and memory in certain pairs",
    source="Amazon ECS developer guide, task size",
)
def _fargate_size(settings: Settings) -> Iterator[Refusal]:
    for name in settings.applications:
        placement = settings.placed(name).placement
        if not isinstance(placement, EcsPlacement):
            continue
        for service, size in placement.services.items():
            key = f"applications.{name}.placement.services.{service}"
            memory = FARGATE_MEMORY.get(size.cpu)
            if memory is None:
                known = ", ".join(map(str, FARGATE_MEMORY))
                yield _stack(settings, f"{key}.cpu", size.cpu, f"must be one of {known}")
            elif size.memory_mb not in memory:
                yield _stack(
                    settings,
                    f"{key}.memory_mb",
                    size.memory_mb,
                    f"with {size.cpu} units must be {memory[0]} to {memory[-1]}"
                    f" in steps of {memory[1] - memory[0]}",
                )


@limit(
    "fargate-stop",
    "A task on Fargate has 120 seconds to stop",
    source="Amazon ECS API reference, ContainerDefinition stopTimeout",
)
def _fargate_stop(settings: Settings) -> Iterator[Refusal]:
    for name, application in settings.applications.items():
        if not isinstance(settings.placed(name).placement, EcsPlacement):
            continue
        for service, of in application.services.items():
            if of.stop_seconds > 120:
                yield _application(
                    name,
                    f"services.{service}.stop_seconds",
                    of.stop_seconds,
                    "must be 120 at most on ecs",
                )


# What stands around the command: names, and how far a database goes back.
REST_OF_OVERRIDES = 292


@limit(
    "task-overrides",
    "A task is begun with 8,192 characters of overrides at most",
    source="Amazon ECS API reference, RunTask overrides",
)
def _task_overrides(settings: Settings) -> Iterator[Refusal]:
    most = 8192 - REST_OF_OVERRIDES
    for name, application in settings.applications.items():
        migration = application.migration
        if migration is None or not isinstance(settings.placed(name).placement, EcsPlacement):
            continue
        for key in ("command", "down", "seed"):
            command: str | None = getattr(migration, key)
            if command and len(command) > most:
                yield _application(
                    name, f"migration.{key}", command, f"must be {most} characters at most on ecs"
                )


@limit(
    "scaling-range",
    "The most tasks of a service are no fewer than the least",
    source="Application Auto Scaling API reference, RegisterScalableTarget",
)
def _scaling_range(settings: Settings) -> Iterator[Refusal]:
    for name in settings.applications:
        placement = settings.placed(name).placement
        if not isinstance(placement, EcsPlacement):
            continue
        for service, size in placement.services.items():
            if size.max_count is not None and size.max_count < size.count:
                yield _stack(
                    settings,
                    f"applications.{name}.placement.services.{service}.max_count",
                    size.max_count,
                    f"must be count, {size.count}, or more",
                )
