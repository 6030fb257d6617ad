"""Whatever is wrong with a settings file is said once, in words, with what is allowed instead."""

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from settings.load import ROOT, load, stack_configuration
from settings.problem import Problem, SettingsError
from settings.secrets import is_secret_key
from tests.settings.files import REMOVED, Project, written
from tests.stacks import configuration

APPLICATION = "apps/threed-generator.yaml"
STACK = "Pulumi.prod.yaml"
PLACED = "applications/threed-generator"
# The API as a Java machine of 1 GiB, released in two colours; its pages without a route.
JAVA: Mapping[str, Any] = {
    "services/api/runtime": {"kind": "java", "heap": "1G"},
    "services/web/runtime": {"kind": "node", "start": "next"},
    "services/web/routes": [],
    "release": {"kind": "blue-green", "second_port": 3009},
}
ON_ECS: Mapping[str, Any] = {
    f"{PLACED}/placement": {
        "kind": "ecs",
        "services": {"web": {"cpu": 256, "memory_mb": 512}, "api": {"cpu": 256, "memory_mb": 512}},
    }
}
DIGEST = f"sha256:{'0' * 64}"


def built_on_ecs(**api: Any) -> Mapping[str, Any]:
    """One of two services has its image, and the other is built."""
    size = {"cpu": 256, "memory_mb": 512}
    return {
        f"{PLACED}/placement": {
            "kind": "ecs",
            "services": {"web": {**size, "image": DIGEST}, "api": {**size, "build": True, **api}},
        }
    }


OTHER_DATABASE: Mapping[str, Any] = {
    "kind": "postgres",
    "version": "17",
    "name": "other",
    "owner": "other_owner",
    "roles": {},
    "dump": {"schedule": "0 2 * * *", "bucket": "backups", "keep_days": 30},
}

# application changes, stack changes, and the one problem: file, key, value, what is allowed.
Case = tuple[Mapping[str, Any], Mapping[str, Any], str, str, str, str]
CASES: dict[str, Case] = {
    "dumps kept by another rule than the bucket's": (
        {"stores/main/dump/keep_days": 7},
        {},
        APPLICATION,
        "stores.main.dump.keep_days",
        "7",
        "buckets.backups.expire keeps database/ for 30 days: both must say the same",
    ),
    "dumps that the bucket keeps for ever": (
        {"buckets/backups/expire": []},
        {},
        APPLICATION,
        "stores.main.dump.keep_days",
        "30",
        "keeps database/ for ever",
    ),
    "dumps by a client that is older than the server": (
        {"stores/main/version": "18"},
        {},
        APPLICATION,
        "stores.main.version",
        "18",
        "must be 17 at most for a dump",
    ),
    "two databases whose dumps go to one place": (
        {"stores/other": OTHER_DATABASE},
        {f"{PLACED}/stores/other": {"kind": "database", "instance_class": "db.t4g.medium"}},
        APPLICATION,
        "stores.other.dump.prefix",
        "database",
        "must be another than that of stores.main, in the same bucket",
    ),
    "a dump that does not come each day": (
        {"stores/main/dump/schedule": "0 2 * * 1"},
        {},
        APPLICATION,
        "stores.main.dump.schedule",
        "0 2 * * 1",
        "must be each day",
    ),
    "a drill by two calendars": (
        {"stores/main/dump/drill": "0 4 1 * 1"},
        {},
        APPLICATION,
        "stores.main.dump.drill",
        '"0 4 1 * 1"',
        "not both",
    ),
    "a dump first where there are no dumps": (
        {"stores/main/dump": None},
        {},
        APPLICATION,
        "migration.dump_first",
        "true",
        "stores.main.dump must say where the dump goes",
    ),
    "an unknown key": (
        {"services/api/portt": 3001},
        {},
        APPLICATION,
        "services.api.portt",
        "not a key",
        "did you mean port?",
    ),
    "an unknown key of the stack": (
        {},
        {"durble": True},
        STACK,
        "groundwork:durble",
        "not a key",
        "did you mean durable?",
    ),
    "a bucket without versions, which there is not": (
        {"buckets/models/versioning": False},
        {},
        APPLICATION,
        "buckets.models.versioning",
        "not a key",
        "",
    ),
    "an unknown key in a choice": (
        {},
        {"edge/orgin": "vpc"},
        STACK,
        "groundwork:edge.orgin",
        "not a key",
        "did you mean origin?",
    ),
    "a missing key": (
        {"services/web/health/path": REMOVED},
        {},
        APPLICATION,
        "services.web.health.path",
        "missing",
        "it must be given",
    ),
    "a wrong type": (
        {"services/api/port": "three"},
        {},
        APPLICATION,
        "services.api.port",
        '"three"',
        "must be a whole number",
    ),
    "text in place of a number": (
        {"services/api/port": "3001"},
        {},
        APPLICATION,
        "services.api.port",
        '"3001"',
        "must be a whole number",
    ),
    "a word in place of a switch": (
        {},
        {"durable": "yes"},
        STACK,
        "groundwork:durable",
        '"yes"',
        "must be true or false",
    ),
    "a port out of range": (
        {"services/web/port": 70_000, "services/web/environment/PORT": 70_000},
        {},
        APPLICATION,
        "services.web.port",
        "70000",
        "must be at most 65535",
    ),
    "a kind that does not exist": (
        {},
        {f"{PLACED}/placement/kind": "vm"},
        STACK,
        "groundwork:applications.threed-generator.placement.kind",
        '"vm"',
        "must be one of 'hosts', 'ecs'",
    ),
    "two services on one route": (
        {"services/api/routes/0/host": "web"},
        {},
        APPLICATION,
        "services.api.routes.0",
        "web/*",
        "services.web.routes.0 has this route already",
    ),
    "a route on a host that does not exist": (
        {"services/web/routes/0/host": "www"},
        {},
        APPLICATION,
        "services.web.routes.0.host",
        '"www"',
        "hosts are web, api, cdn",
    ),
    "a closed path outside the routes": (
        {"services/api/denied": ["/admin"], "services/api/routes/0/path": "/api/*"},
        {},
        APPLICATION,
        "services.api.denied.0",
        "/admin",
        "must lie under a route of its service, /api/*, /ws",
    ),
    "a closed path with a pattern": (
        {"services/api/denied": ["/admin/*"]},
        {},
        APPLICATION,
        "services.api.denied.0",
        "/admin/*",
        "must be the beginning of a path",
    ),
    "a log-in outside the routes": (
        {
            "services/api/proxy/rate_limit/log_in": {"/auth": 10},
            "services/api/routes/0/path": "/api/*",
        },
        {},
        APPLICATION,
        "services.api.proxy.rate_limit.log_in",
        "/auth",
        "must lie under a route of its service, /api/*, /ws",
    ),
    "pages of any site that may call": (
        {"services/api/environment/CORS_ORIGIN": "*"},
        {},
        APPLICATION,
        "services.api.environment.CORS_ORIGIN",
        '"*"',
        "must name the origins, as https://${hosts.NAME}",
    ),
    "pages of any site that may call a durable stack": (
        {"services/api/environment/ALLOWED_ORIGINS": "https://${hosts.web}"},
        {f"{PLACED}/environment": {"api": {"ALLOWED_ORIGINS": "https://*.example.com"}}},
        STACK,
        "groundwork:applications.threed-generator.environment.api.ALLOWED_ORIGINS",
        '"https://*.example.com"',
        "must name the origins on a durable stack",
    ),
    "a time zone that does not exist": (
        {},
        {"time_zone": "Asia/Shanghia"},
        STACK,
        "groundwork:time_zone",
        "Asia/Shanghia",
        "must be in the IANA time zone database",
    ),
    "TLS that is too old": (
        {},
        {"oldest_tls": "TLSv1.1"},
        STACK,
        "groundwork:oldest_tls",
        '"TLSv1.1"',
        "must be one of 'TLSv1.2' or 'TLSv1.3'",
    ),
    "a Java that hosts do not have": (
        JAVA | {"services/api/runtime": {"kind": "java", "heap": "1G", "java": 25}},
        {},
        STACK,
        "groundwork:applications.threed-generator.placement.pools.api",
        "api, Java 25",
        "hosts have Java 21",
    ),
    "a Node that nobody packed": (
        {"services/api/runtime/node": 22},
        {},
        STACK,
        "groundwork:runtimes.node-22",
        "missing",
        "needed for threed-generator.api on api: python -m bootstrap.runtimes --help",
    ),
    "two colours of one port": (
        JAVA | {"release/second_port": 3001},
        {},
        APPLICATION,
        "release.second_port",
        "3001",
        "must be another port than that of services.api",
    ),
    "two colours without a second port": (
        JAVA | {"release": {"kind": "blue-green"}},
        {},
        APPLICATION,
        "release.second_port",
        "missing",
        "blue-green needs the other colour's port",
    ),
    "a second port without two colours": (
        {"release": {"second_port": 3009}},
        {},
        APPLICATION,
        "release.second_port",
        "3009",
        "must be absent: it is rolling",
    ),
    "two colours under PM2": (
        {"release": {"kind": "blue-green", "second_port": 3009}, "services/web/routes": []},
        {},
        APPLICATION,
        "release.kind",
        "blue-green",
        "must be rolling: PM2 exchanges the processes of services.api by itself",
    ),
    "a file that is the platform's own": (
        {"services/api/files": {"secrets.json": "{}"}},
        {},
        APPLICATION,
        "services.api.files.secrets.json",
        "given",
        "is the platform's own: rename it",
    ),
    "a file outside its directory": (
        {"services/api/files": {"../passwd": "x"}},
        {},
        APPLICATION,
        "services.api.files.../passwd",
        '"../passwd"',
        "",
    ),
    "a file where there is no host": (
        {"services/api/files": {"log.xml": "<a/>"}},
        ON_ECS,
        STACK,
        "groundwork:applications.threed-generator.placement.kind",
        "ecs",
        "must be hosts: api has no place for its file log.xml",
    ),
    "a secret's file where there is no host": (
        {"services/api/environment/CERT_PATH": "${secrets.HUNYUAN_API_KEY.file}"},
        ON_ECS,
        STACK,
        "groundwork:applications.threed-generator.placement.kind",
        "ecs",
        "must be hosts: api has no place for the file of CERT_PATH",
    ),
    "an image built of nothing that is named": (
        {},
        built_on_ecs(),
        STACK,
        "groundwork:applications.threed-generator.placement.services.api.build",
        "true",
        "apps/threed-generator.yaml must say in services.api.build.image which folder and "
        "Dockerfile",
    ),
    "an image built of a folder that is not there": (
        {"services/api/build/image": {"context": "../shop"}},
        built_on_ecs(),
        APPLICATION,
        "services.api.build.image.context",
        '"../shop"',
        "there is no folder",
    ),
    "an image built of a Dockerfile that is not there": (
        {"services/api/build/image": {"context": "apps", "dockerfile": "api/Dockerfile"}},
        built_on_ecs(),
        APPLICATION,
        "services.api.build.image.dockerfile",
        '"api/Dockerfile"',
        "apps/api/Dockerfile",
    ),
    "an image that is built and given": (
        {"services/api/build/image": {"context": "apps", "dockerfile": "threed-generator.yaml"}},
        built_on_ecs(image=DIGEST),
        STACK,
        "groundwork:applications.threed-generator.placement.services.api.image",
        DIGEST,
        "must be absent beside build",
    ),
    "a release on ecs with nothing to run": (
        {},
        {**built_on_ecs(build=False), "releases": {"threed-generator": "1.0.0"}},
        STACK,
        "groundwork:applications.threed-generator.placement.services.api.image",
        "missing",
        "release 1.0.0 has nothing to run: give the image's digest, or build: true",
    ),
    "an image that migrates to no version": (
        {},
        {
            f"{PLACED}/placement": {
                "kind": "ecs",
                "services": {"web": {"image": DIGEST}, "api": {"image": DIGEST}},
            }
        },
        STACK,
        "groundwork:releases.threed-generator",
        "missing",
        "must name the version of api's image",
    ),
    "a fact that a secret has not": (
        {"services/api/environment/CERT_PATH": "${secrets.HUNYUAN_API_KEY.path}"},
        {},
        APPLICATION,
        "services.api.environment.CERT_PATH",
        '"${secrets.HUNYUAN_API_KEY.path}"',
        "secrets.HUNYUAN_API_KEY has file",
    ),
    "two heaps larger than the host": (
        JAVA | {"services/api/runtime/heap": "4G"},
        {},
        STACK,
        "groundwork:pools.api.instance_type",
        "c7g.xlarge with 8192 MiB",
        "must have 9216 MiB or more: threed-generator.api 8704 MiB, the system 512 MiB",
    ),
    "a heap on a machine of unknown memory": (
        JAVA,
        {"pools/api/instance_type": "x2gd.large"},
        STACK,
        "groundwork:pools.api.instance_type",
        "x2gd.large",
        "must be a type whose memory is known (t, c, m, r from generation 5 on)",
    ),
    "a network slower than asked for": (
        {},
        {"pools/web/least_mbps": 300, "pools/web/instance_type": "t4g.medium"},
        STACK,
        "groundwork:pools.web.instance_type",
        "t4g.medium with 256 Mbit/s for good",
        "must have least_mbps, 300",
    ),
    "a network whose speed is not known": (
        {},
        {"pools/web/least_mbps": 300, "pools/web/instance_type": "x2gd.large"},
        STACK,
        "groundwork:pools.web.instance_type",
        "x2gd.large with unknown speed",
        "must have least_mbps, 300",
    ),
    "processes larger than the host": (
        {"services/api/runtime/memory_limit": "3G"},
        {},
        STACK,
        "groundwork:pools.api.instance_type",
        "c7g.xlarge with 8192 MiB",
        "must have 12800 MiB or more",
    ),
    "a heap of a service that has none": (
        {},
        {f"{PLACED}/heap": {"api": "1G"}},
        STACK,
        f"groundwork:{PLACED.replace('/', '.')}.heap.api",
        "1G",
        "must be absent: the service runs on no Java machine",
    ),
    "a heap of a service that is not there": (
        {},
        {f"{PLACED}/heap": {"apii": "1G"}},
        STACK,
        f"groundwork:{PLACED.replace('/', '.')}.heap.apii",
        '"apii"',
        "services are web, api",
    ),
    "a hold that is longer than an hour": (
        {},
        {f"{PLACED}/hold_seconds": 7200},
        STACK,
        f"groundwork:{PLACED.replace('/', '.')}.hold_seconds",
        "7200",
        "must be at most 3600",
    ),
    "a network too small": (
        {},
        {"network/cidr": "10.40.0.0/24"},
        STACK,
        "groundwork:network.cidr",
        "10.40.0.0/24",
        "must be /16 to /20",
    ),
    "a network with host bits": (
        {},
        {"network/cidr": "10.40.0.1/16"},
        STACK,
        "groundwork:network.cidr",
        '"10.40.0.1/16"',
        "must be an IPv4 network such as 10.20.0.0/16",
    ),
    "a network that overlaps another stack's": (
        {},
        {"network/cidr": "10.20.0.0/16"},
        STACK,
        "groundwork:network.cidr",
        "10.20.0.0/16",
        "must not overlap 10.20.0.0/16, the network of Pulumi.dev.yaml",
    ),
    "an unknown engine version": (
        {"stores/main/version": "12"},
        {},
        APPLICATION,
        "stores.main.version",
        '"12"',
        "postgres has the major versions",
    ),
    "a name that AWS would refuse": (
        {},
        {"artifacts": "xn--artifacts"},
        STACK,
        "groundwork:artifacts",
        '"xn--artifacts"',
        "must be a bucket name",
    ),
    "a replica without backups": (
        {},
        {f"{PLACED}/stores/main/backup_days": 0},
        STACK,
        "groundwork:applications.threed-generator.stores.main.backup_days",
        "0",
        "must be 1 or more with replicas",
    ),
    "an application without a file": (
        {},
        {
            "applications/ghost": {
                "domain": "ghost.com",
                "placement": {"kind": "hosts", "pools": {}},
            }
        },
        "apps/ghost.yaml",
        "(the file)",
        "missing",
        "applications are",
    ),
    "a release of an application that is not here": (
        {},
        {"releases": {"ghost": "1.0.0"}},
        STACK,
        "groundwork:releases.ghost",
        '"ghost"',
        "applications are threed-generator",
    ),
    "a release that is no version": (
        {},
        {"releases": {"threed-generator": "../evil"}},
        STACK,
        "groundwork:releases.threed-generator",
        '"../evil"',
        "must be letters, digits, dots, dashes and underscores, 64 at most, as 1.4.2",
    ),
    "a reference to nothing": (
        {"services/api/environment/DATABASE_URL": "${stores.mian.url}"},
        {},
        APPLICATION,
        "services.api.environment.DATABASE_URL",
        '"${stores.mian.url}"',
        "stores has main, cache",
    ),
    "a secret inside a longer value": (
        {"services/api/environment/DATABASE_URL": "x${stores.main.url}"},
        {},
        APPLICATION,
        "services.api.environment.DATABASE_URL",
        '"x${stores.main.url}"',
        "a secret must be the whole value",
    ),
    "a secret written out": (
        {"services/api/environment/JWT_SECRET": "hunter2hunter2"},
        {},
        APPLICATION,
        "services.api.environment.JWT_SECRET",
        "written out",
        "must be a reference such as ${secrets.NAME}",
    ),
    "a secret in a build": (
        {"services/web/build/environment/NEXT_PUBLIC_KEY": "${secrets.JWT_SECRET}"},
        {},
        APPLICATION,
        "services.web.build.environment.NEXT_PUBLIC_KEY",
        '"${secrets.JWT_SECRET}"',
        "must be public",
    ),
    "a browser's variable at run time": (
        {"services/web/environment/NEXT_PUBLIC_API_URL": "https://x"},
        {},
        APPLICATION,
        "services.web.environment.NEXT_PUBLIC_API_URL",
        "a variable of the build",
        "must stand in services.web.build.environment",
    ),
    "a service without a home": (
        {},
        {f"{PLACED}/placement/pools/web": REMOVED},
        STACK,
        "groundwork:applications.threed-generator.placement.pools.web",
        "missing",
        "every service must be placed",
    ),
    "a site without a home": (
        {"sites/pages": {"host": "web", "path": "/pages/*"}},
        {"edge": {"kind": "load-balancer"}},
        STACK,
        "groundwork:applications.threed-generator.placement.pools.pages",
        "missing",
        "without a CDN every site must be placed",
    ),
    "a site on hosts that the CDN serves": (
        {"sites/pages": {"host": "web", "path": "/pages/*"}},
        {f"{PLACED}/placement/pools/pages": "web"},
        STACK,
        "groundwork:applications.threed-generator.placement.pools.pages",
        "placed",
        "must be absent: edge cdn serves sites from their buckets",
    ),
    "a site on the port of another": (
        {
            "sites/pages": {"host": "web", "path": "/pages/*"},
            "sites/manual": {"host": "web", "path": "/manual/*"},
        },
        {
            "edge": {"kind": "load-balancer"},
            f"{PLACED}/placement/pools/pages": "web",
            f"{PLACED}/placement/pools/manual": "web",
        },
        STACK,
        "groundwork:applications.threed-generator.placement.pools.manual",
        "web, port 18000",
        "threed-generator.pages listens there already",
    ),
    "a site called as a service": (
        {"sites/web": {"host": "web", "path": "/pages/*"}},
        {},
        APPLICATION,
        "sites.web",
        "a service",
        "must be another name",
    ),
    "pools that the server has no room for": (
        {"stores/main/parameters/max_connections": 100, "stores/main/pool_per_process": 20},
        {"pools/api/count": 3, "pools/api/instance_type": "c7g.xlarge"},
        STACK,
        "groundwork:applications.threed-generator.stores.main",
        # Four processes on each of three hosts, as in the manual that this is from.
        "asked for 255 connections",
        "its server takes 100: pool_per_process 20 for so many processes (api 12) and 15 kept",
    ),
    "a time of no day": (
        {"schedules/nightly": {"service": "api", "at": "0 25 * * *", "command": "true"}},
        {},
        APPLICATION,
        "schedules.nightly.at",
        '"0 25 * * *"',
        "hour must be * or numbers from 0 to 23",
    ),
    "a day of the month and of the week": (
        {"stores/main/dump/schedule": "0 2 1 * 1"},
        {},
        APPLICATION,
        "stores.main.dump.schedule",
        '"0 2 1 * 1"',
        "must name days of the month or of the week, not both",
    ),
    "a schedule that no host runs": (
        {"schedules/nightly": {"service": "api", "at": "0 2 * * *", "command": "true"}},
        {
            f"{PLACED}/placement": {
                "kind": "ecs",
                "services": {"web": {}, "api": {}},
            }
        },
        STACK,
        "groundwork:applications.threed-generator.placement.kind",
        "ecs",
        "the schedule nightly runs on a host: must be hosts",
    ),
    "a secret in the build of a site": (
        {
            "sites/pages": {
                "host": "web",
                "path": "/pages/*",
                "build": {"environment": {"VITE_KEY": "${secrets.JWT_SECRET}"}},
            }
        },
        {},
        APPLICATION,
        "sites.pages.build.environment.VITE_KEY",
        '"${secrets.JWT_SECRET}"',
        "must be public: it is built into the artifact",
    ),
    "two services on one port of a pool": (
        {"services/web/port": 3001, "services/web/environment/PORT": 3001},
        {f"{PLACED}/placement/pools": {"web": "api", "api": "api"}, "pools/web": REMOVED},
        STACK,
        "groundwork:applications.threed-generator.placement.pools.api",
        "api, port 3001",
        "threed-generator.web listens there already",
    ),
    "a zone that the network lacks": (
        {},
        {"operations/zone": "f"},
        STACK,
        "groundwork:operations.zone",
        "f",
        "must be one of network.zones, a, b, c",
    ),
    "nobody may log in": (
        {},
        {"access": {"kind": "bastion", "allowed_from": []}},
        STACK,
        "groundwork:access.allowed_from",
        "an empty list",
        "must have 1 or more entries",
    ),
    "the whole world may log in": (
        {},
        {"access": {"kind": "bastion", "allowed_from": ["0.0.0.0/0"]}},
        STACK,
        "groundwork:access.allowed_from.0",
        "0.0.0.0/0",
        "must be the team's own addresses",
    ),
    "hours that no clock shows": (
        {},
        {"migration_window": "22:00-25:00"},
        STACK,
        "groundwork:migration_window",
        '"22:00-25:00"',
        "must be times of a day, for example 22:00-04:00",
    ),
    "a queue that forgets": (
        {"stores/cache/queue": True},
        {},
        APPLICATION,
        "stores.cache.policy",
        '"allkeys-lru"',
        "a queue must have noeviction",
    ),
    "a migration that says nothing": (
        {"migration/command": REMOVED},
        {},
        APPLICATION,
        "migration",
        "neither command nor sql",
        "one of the two must say how it migrates",
    ),
    "a migration in two ways": (
        {"migration/sql": {"directory": "migrations"}},
        {},
        APPLICATION,
        "migration.sql",
        "given beside command",
        "one of the two says how it migrates",
    ),
    "SQL files and a command that goes back": (
        {"migration": {"service": "api", "store": "main", "sql": {}, "down": "./rollback.sh"}},
        {},
        APPLICATION,
        "migration.down",
        "./rollback.sh",
        "sql goes back by its own .down.sql files: leave out",
    ),
    "SQL files outside of the release": (
        {"migration/command": REMOVED, "migration/sql": {"directory": "../migrations"}},
        {},
        APPLICATION,
        "migration.sql.directory",
        '"../migrations"',
        "must be a folder within the release",
    ),
    "a migration that invents migrations": (
        {"migration/command": "npx prisma migrate dev"},
        {},
        APPLICATION,
        "migration.command",
        "npx prisma migrate dev",
        "migrate dev makes or drops what it likes",
    ),
    "a way back that empties the database": (
        {"migration/down": "npx prisma migrate reset"},
        {},
        APPLICATION,
        "migration.down",
        "npx prisma migrate reset",
        "only existing migrations are applied",
    ),
    "a seed by itself on a durable stack": (
        {"migration/seed": "node --run seed"},
        {f"{PLACED}/seed": True},
        STACK,
        "groundwork:applications.threed-generator.seed",
        "true",
        "must be false on a durable stack: make seed APP=threed-generator runs it once",
    ),
    "a rotation of an application that is not here": (
        {},
        {"rotations": {"shop": {"JWT_SECRET": {"current": 2}}}},
        STACK,
        "groundwork:rotations.shop",
        '"shop"',
        "applications are threed-generator",
    ),
    "a rotation of what has no second key": (
        {},
        {"rotations": {"threed-generator": {"NEXTAUTH_SECRET": {"current": 2}}}},
        STACK,
        "groundwork:rotations.threed-generator.NEXTAUTH_SECRET",
        '"NEXTAUTH_SECRET"',
        "secrets that can be rotated are JWT_SECRET, stores.main.prod_user",
    ),
    "a key accepted that is not beside the current one": (
        {},
        {"rotations": {"threed-generator": {"JWT_SECRET": {"current": 3, "accepted": 1}}}},
        STACK,
        "groundwork:rotations.threed-generator.JWT_SECRET.accepted",
        "1",
        "must be 0 or 2 or 4",
    ),
    "a database's user accepted that is not beside the current one": (
        {},
        {"rotations": {"threed-generator": {"stores.main.prod_user": {"accepted": 3}}}},
        STACK,
        "groundwork:rotations.threed-generator.stores.main.prod_user.accepted",
        "3",
        "must be 0 or 2: a generation next to",
    ),
    "a variable that the other key fills": (
        {"services/api/environment/JWT_SECRET_PREVIOUS": "${secrets.NEXTAUTH_SECRET}"},
        {},
        APPLICATION,
        "services.api.environment.JWT_SECRET_PREVIOUS",
        "given",
        "must be left out: JWT_SECRET is two-key, and fills it",
    ),
    "any site may use the bucket": (
        {"buckets/models/cors/origins": ["*"]},
        {},
        APPLICATION,
        "buckets.models.cors.origins.0",
        "*",
        "must name the origins",
    ),
    "nothing leads outside": (
        {},
        {"network/nat": "none"},
        STACK,
        "groundwork:network.nat",
        "none",
        "threed-generator.api calls api.hunyuan.com, smtp.gmail.com",
    ),
    "nothing leads a host to its packages": (
        {"services/api/egress": []},
        {"network/nat": "none"},
        STACK,
        "groundwork:network.nat",
        "none",
        "install Debian's packages: must be single or per-zone",
    ),
    "a kind that is not said": (
        {"services/api/runtime/kind": REMOVED},
        {},
        APPLICATION,
        "services.api.runtime.kind",
        "missing",
        "must be one of 'container', 'java', 'node', 'pm2'",
    ),
    # The kind is also the name of one of its keys.
    "a key that the kind named like a key has not": (
        {"services/api/runtime": {"kind": "node", "start": "main.js", "memory": "512M"}},
        {},
        APPLICATION,
        "services.api.runtime.memory",
        "not a key",
        "did you mean memory_limit?",
    ),
    "a wrong key of the same name as the kind": (
        {"services/api/runtime": {"kind": "node", "start": "main.js", "node": "lts"}},
        {},
        APPLICATION,
        "services.api.runtime.node",
        '"lts"',
        "must be a whole number",
    ),
    "a size in other units": (
        {"services/api/proxy/body_limit": "5MB"},
        {},
        APPLICATION,
        "services.api.proxy.body_limit",
        '"5MB"',
        "must be a whole number and K, M or G, for example 50M",
    ),
    "a number in place of text": (
        {"stores/main/version": 17},
        {},
        APPLICATION,
        "stores.main.version",
        "17",
        "must be text, in quotes",
    ),
    "a name with a capital letter": (
        {"schedules/Report": {"service": "api", "at": "0 2 * * *", "command": "true"}},
        {},
        APPLICATION,
        "schedules.Report",
        '"Report"',
        "must be lower-case letters and digits with single hyphens between, a letter first",
    ),
    "a misspelt name whose value is wrong as well": (
        {},
        {f"{PLACED}/environment": {"JWT_SECRET": "x"}},
        STACK,
        "groundwork:applications.threed-generator.environment.JWT_SECRET",
        '"JWT_SECRET"',
        "must be lower-case letters",
    ),
    "nothing where a group stands": (
        {"services/api/environment": None},
        {},
        APPLICATION,
        "services.api.environment",
        "empty",
        "must be a group of keys",
    ),
    "nothing where a value stands": (
        {"services/api/environment/HUNYUAN_API_URL": None},
        {},
        APPLICATION,
        "services.api.environment.HUNYUAN_API_URL",
        "empty",
        "must be text or a whole number or true or false or a number",
    ),
    "an owner without a name": (
        {},
        {"owner": None},
        STACK,
        "groundwork:owner",
        "empty",
        "must be text",
    ),
    "an entry of a list that must have one": (
        {},
        {"network/zones": ["eu-west-1a"]},
        STACK,
        "groundwork:network.zones.0",
        '"eu-west-1a"',
        "must be the zone's letter alone, a to f",
    ),
    "a region misspelt": (
        {},
        {"region": "eu-wset-1"},
        STACK,
        "groundwork:region",
        '"eu-wset-1"',
        "must be a region of AWS, as eu-west-1, outside of China and GovCloud",
    ),
    "a public key that was cut off": (
        {},
        {"deploy_keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAA me"]},
        STACK,
        "groundwork:deploy_keys.0",
        '"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAA me"',
        "must be the line of a .pub file of ssh-keygen -t ed25519",
    ),
    "a range given twice": (
        {},
        {"access": {"kind": "bastion", "allowed_from": ["192.0.2.1/32", "192.0.2.1/32"]}},
        STACK,
        "groundwork:access.allowed_from",
        "a list",
        "must have each once, and 192.0.2.1/32 stands twice",
    ),
    "an exemption until no day": (
        {},
        {
            "exemptions": [
                {"rule": "x", "resource": "y", "reason": "long enough", "until": "2027-02-30"}
            ]
        },
        STACK,
        "groundwork:exemptions.0.until",
        '"2027-02-30"',
        "must be a day of the calendar",
    ),
    "a window without a length": (
        {},
        {"migration_window": "22:00-22:00"},
        STACK,
        "groundwork:migration_window",
        '"22:00-22:00"',
        "must begin and end at two times",
    ),
    "a Node of another major than its name": (
        {},
        {"runtimes/node-24/version": "22.21.0"},
        STACK,
        "groundwork:runtimes.node-24.version",
        '"22.21.0"',
        "must be one of node 24",
    ),
    "images that nobody looked up": (
        {},
        {"images": {}},
        STACK,
        "groundwork:images.arm64",
        "missing",
        "pools.web (t4g.medium), pools.api (c7g.xlarge)",
    ),
    "a size that EC2 has not": (
        {},
        {"pools/web/instance_type": "t4g.meduim"},
        STACK,
        "groundwork:pools.web.instance_type",
        '"t4g.meduim"',
        "there is no size meduim: t4g has nano, micro, small",
    ),
    "an edge of a pool that is not there": (
        {},
        {"edge": {"kind": "host", "pool": "wbe"}},
        STACK,
        "groundwork:edge.pool",
        '"wbe"',
        "pools are web, api",
    ),
    "a port that only root may have": (
        {"services/web/port": 80, "services/web/environment/PORT": 80},
        {},
        STACK,
        "groundwork:applications.threed-generator.placement.pools.web",
        "web, port 80",
        "must listen on 1024 or higher on hosts: it is not root",
    ),
    "two hosts of one name": (
        {"hosts/api": "@"},
        {},
        APPLICATION,
        "hosts.api",
        '"@"',
        "hosts.web is this name already",
    ),
    "a route with a pattern in its middle": (
        {"services/api/routes/1/path": "/ws*/x"},
        {},
        APPLICATION,
        "services.api.routes.1.path",
        '"/ws*/x"',
        "* stands at its end only",
    ),
    "a health check of a pattern": (
        {"services/api/health/path": "/health*"},
        {},
        APPLICATION,
        "services.api.health.path",
        '"/health*"',
        "must be a path that begins with /, of letters, digits, . _ ~ / and -",
    ),
    "a schedule that goes backwards": (
        {"stores/main/dump/schedule": "0 6-2 * * *"},
        {},
        APPLICATION,
        "stores.main.dump.schedule",
        '"0 6-2 * * *"',
        "hour goes backwards in 6-2",
    ),
    "a schedule on a day that never comes": (
        {"stores/main/dump/drill": "0 4 30 2 *"},
        {},
        APPLICATION,
        "stores.main.dump.drill",
        '"0 4 30 2 *"',
        "none of its months has a day 30",
    ),
    "a reference without its end": (
        {"services/api/environment/S3_BUCKET_NAME": "${buckets.models.name"},
        {},
        APPLICATION,
        "services.api.environment.S3_BUCKET_NAME",
        '"${buckets.models.name"',
        "a reference that begins with ${ must end with }",
    ),
    "a secret that only its value gives away": (
        {"services/api/environment/QUEUE_URL": "amqp://app:hunter2@queue.example/x"},
        {},
        APPLICATION,
        "services.api.environment.QUEUE_URL",
        "written out",
        "must be a reference such as ${secrets.NAME}",
    ),
    "a secret that is a number": (
        {"services/api/environment/SMTP_PASS": 12345678},
        {},
        APPLICATION,
        "services.api.environment.SMTP_PASS",
        "written out",
        "must be a reference such as ${secrets.NAME}",
    ),
    "a secret in the value of a build": (
        {"services/web/build/environment/NEXT_PUBLIC_PAY": "sk_live_0123456789abcdef"},
        {},
        APPLICATION,
        "services.web.build.environment.NEXT_PUBLIC_PAY",
        "written out",
        "must be public",
    ),
    "a secret where it is declared": (
        {"secrets/HUNYUAN_API_KEY": "sk-0123456789abcdef"},
        {},
        APPLICATION,
        "secrets.HUNYUAN_API_KEY",
        "a value that is not shown",
        "must be a group of keys",
    ),
    "a variable that no process can have": (
        {"services/api/environment/SMTP_HOST": "smtp\0"},
        {},
        APPLICATION,
        "services.api.environment.SMTP_HOST",
        "a text with control characters",
        "may have line breaks and tabs only",
    ),
    "a pattern that is none": (
        {"secrets/SMTP_PASS/pattern": "["},
        {},
        APPLICATION,
        "secrets.SMTP_PASS.pattern",
        '"["',
        "must be a regular expression: unterminated character set",
    ),
    "a parameter in words": (
        {"stores/main/parameters/work_mem": "64 MB"},
        {},
        APPLICATION,
        "stores.main.parameters.work_mem",
        '"64 MB"',
        "must be a whole number, and right behind it B, kB, MB, GB, TB or none",
    ),
    "a parameter misspelt": (
        {"stores/main/parameters/max_conections": 300},
        {},
        APPLICATION,
        "stores.main.parameters.max_conections",
        '"max_conections"',
        "did you mean max_connections?",
    ),
    "connections in words": (
        {"stores/main/parameters/max_connections": "lots"},
        {},
        APPLICATION,
        "stores.main.parameters.max_connections",
        '"lots"',
        "must be a whole number, or auto",
    ),
    "half of UTF-8": (
        {
            "stores/main/kind": "mysql",
            "stores/main/version": "8.4",
            "stores/main/extensions": [],
            "stores/main/parameters": {},
        },
        {},
        APPLICATION,
        "stores.main.character_set",
        '"UTF8"',
        "must be utf8mb4 with mysql",
    ),
    "a start with its words": (
        {"services/api/runtime/start": "npm start"},
        {},
        APPLICATION,
        "services.api.runtime.start",
        '"npm start"',
        "must be a file of the release, as dist/main.js",
    ),
    "a start outside of the release": (
        {"services/api/runtime/start": "../other/main.js"},
        {},
        APPLICATION,
        "services.api.runtime.start",
        '"../other/main.js"',
        "no ..",
    ),
    "a writable folder outside of the service's own": (
        {"services/api/writable": ["../../../etc"]},
        {},
        APPLICATION,
        "services.api.writable.0",
        '"../../../etc"',
        "must be a folder, as uploads: no / first, no ..",
    ),
    "a referrer policy that there is not": (
        {"headers/referrer_policy": "strict-origin-when-crossorigin"},
        {},
        APPLICATION,
        "headers.referrer_policy",
        '"strict-origin-when-crossorigin"',
        "'strict-origin-when-cross-origin'",
    ),
    "a header of two lines": (
        {"headers/content_security_policy": "default-src 'self';\nimg-src *\n"},
        {},
        APPLICATION,
        "headers.content_security_policy",
        "\"default-src 'self';\\nimg-src *\\n\"",
        "must be one line of ASCII without $: >- joins lines",
    ),
    "a media type that ends the line of nginx": (
        {"compression/types": ["text/css; x"]},
        {},
        APPLICATION,
        "compression.types.0",
        '"text/css; x"',
        "must be a media type alone",
    ),
    "an origin without its scheme": (
        {"buckets/models/cors/origins": ["3dgenerator.com"]},
        {},
        APPLICATION,
        "buckets.models.cors.origins.0",
        "3dgenerator.com",
        "must be https:// and a host alone",
    ),
    "an origin with a path": (
        {"buckets/models/cors/origins": ["https://${hosts.web}/"]},
        {},
        APPLICATION,
        "buckets.models.cors.origins.0",
        "https://${hosts.web}/",
        "must be https:// and a host alone",
    ),
    "a heap smaller than it begins": (
        {**JAVA, "services/api/runtime": {"kind": "java", "heap": "1G", "heap_start": "512M"}},
        {f"{PLACED}/heap": {"api": "256M"}},
        STACK,
        "groundwork:applications.threed-generator.heap.api",
        "256M",
        "must be heap_start, 512M, or more",
    ),
    "a step longer than the hour": (
        {"stores/main/dump/drill": "*/90 4 1 * *"},
        {},
        APPLICATION,
        "stores.main.dump.drill",
        '"*/90 4 1 * *"',
        "minute has a step beyond 59",
    ),
    "a zone of our own within another": (
        {},
        {
            "dns": {"kind": "own-zones"},
            "applications/ai-notebook": {
                "domain": "notes.3dgenerator.com",
                "placement": {"kind": "hosts", "pools": {"api": "notebook", "worker": "workers"}},
                "stores": {
                    "main": {"kind": "database", "instance_class": "db.t4g.large"},
                    "cache": {"kind": "cache", "node_type": "cache.t4g.medium"},
                    "queue": {"kind": "cache", "node_type": "cache.t4g.medium"},
                },
            },
        },
        STACK,
        "groundwork:applications.ai-notebook.domain",
        "notes.3dgenerator.com",
        "must not be or lie under 3dgenerator.com, whose zone is made for threed-generator",
    ),
    "a secret in the stack's variables": (
        {},
        {f"{PLACED}/environment": {"api": {"JWT_SECRET": "hunter2hunter2"}}},
        STACK,
        "groundwork:applications.threed-generator.environment.api.JWT_SECRET",
        "written out",
        "must be a reference such as ${secrets.NAME}",
    ),
    "a reference to nothing in the stack's variables": (
        {},
        {f"{PLACED}/environment": {"api": {"S3_BUCKET_NAME": "${buckets.model.name}"}}},
        STACK,
        "groundwork:applications.threed-generator.environment.api.S3_BUCKET_NAME",
        '"${buckets.model.name}"',
        "buckets has models, backups",
    ),
    "another port in the stack's variables": (
        {},
        {f"{PLACED}/environment": {"api": {"PORT": 4000}}},
        STACK,
        "groundwork:applications.threed-generator.environment.api.PORT",
        "4000",
        "must be the port, 3001",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_one_fault_is_one_clear_problem(project: Project, case: str) -> None:
    application, stack, file, key, value, allowed = CASES[case]
    project.change_application(application)
    project.change_stack(stack)

    (problem,) = project.problems()
    assert (problem.file, problem.key, problem.value) == (file, key, value)
    assert allowed in problem.allowed


def test_all_faults_are_reported_at_once(project: Project) -> None:
    project.change_application({"services/web/port": 0, "services/api/portt": 1})
    project.change_stack({"durble": True, "network/cidr": "ten"})

    assert {problem.key for problem in project.problems()} >= {
        "groundwork:durble",
        "groundwork:network.cidr",
    }
    project.change_stack({"durble": REMOVED, "network/cidr": "10.40.0.0/16"})
    assert {problem.key for problem in project.problems()} == {
        "services.web.port",
        "services.api.portt",
    }


@pytest.mark.parametrize(
    ("key", "meant"),
    [("groundwrok:oldest_tls", "groundwork:oldest_tls"), ("oldest_tls", "groundwork:oldest_tls")],
)
def test_a_key_outside_of_the_program_that_was_meant_for_it_is_a_slip(
    project: Project, key: str, meant: str
) -> None:
    (problem,) = project.problems(**{key: "TLSv1.3"})

    assert (problem.key, problem.allowed) == (key, f"did you mean {meant}?")


def test_keys_of_other_programs_are_left_alone(project: Project) -> None:
    assert project.problems(**{"aws:region": "eu-west-1", "pulumi:tags": "{}"}) == []


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("", "(the file)", "empty"),
        ("config:\n", "config", "empty"),
        ("config: [a]\n", "config", "a list"),
        ("config: text\n", "config", '"text"'),
        ("groundwork:region: eu-west-1\n", "config", "missing"),
    ],
)
def test_a_stack_file_without_its_keys_is_one_problem(
    project: Project, text: str, key: str, value: str
) -> None:
    (project.root / STACK).write_text(text)

    with pytest.raises(SettingsError) as caught:
        stack_configuration("prod", project.root)
    (problem,) = caught.value.problems
    assert (problem.file, problem.key, problem.value) == (STACK, key, value)


@pytest.mark.parametrize("content", [b"config: a\n", b"config: [a]\n", b"\xff\xfe", b"", b"a: ["])
def test_what_is_wrong_with_another_stack_is_said_in_its_own_runs(
    project: Project, content: bytes
) -> None:
    (project.root / "Pulumi.other.yaml").write_bytes(content)

    assert project.problems() == []


def test_a_secret_that_stands_in_the_stack_file_is_refused_and_not_shown(project: Project) -> None:
    project.change_stack({"secret.threed-generator.HUNYUAN_API_KEY": "sk-0123456789abcdef"})

    (problem,) = project.problems()
    assert (problem.file, problem.key, problem.value) == (STACK, SECRET, "written out")
    assert "pulumi config set --secret" in problem.allowed
    assert "sk-0123456789abcdef" not in str(problem)


def test_a_secret_that_stands_encrypted_in_the_stack_file_is_as_it_should_be(
    project: Project,
) -> None:
    # The values are the engine's, which has decrypted them.
    given = project.configuration()
    project.change_stack({"secret.threed-generator.HUNYUAN_API_KEY": {"secure": "v1:abc"}})

    assert load("prod", given, project.root)


SECRET = "groundwork:secret.threed-generator.HUNYUAN_API_KEY"


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("", "missing"),
        ("short", "5 characters long"),
        ("your-api-key-here", "a placeholder"),
        ("sk-0123456789abcdef\n", "a text with space around it"),
    ],
)
def test_a_bad_secret_is_refused_without_being_shown(
    project: Project, value: str, fault: str
) -> None:
    (problem,) = project.problems(**{SECRET: value})

    assert (problem.key, problem.value) == (SECRET, fault)
    assert "pulumi config set --secret" in problem.allowed
    assert not value or value not in str(problem)


def test_a_secret_of_another_shape_is_refused(project: Project) -> None:
    project.change_application({"secrets/HUNYUAN_API_KEY/pattern": "sk-[a-z]+"})

    (problem,) = project.problems(**{SECRET: "sk-0123456789abcdef"})
    assert (problem.value, "sk-[a-z]+" in problem.allowed) == ("of another shape", True)


def test_missing_secrets_are_named_together(project: Project) -> None:
    with pytest.raises(SettingsError) as caught:
        load("prod", project.configuration(secrets=False), project.root)

    assert {problem.key for problem in caught.value.problems} == {
        "groundwork:deploy_key",
        SECRET,
        "groundwork:secret.threed-generator.SMTP_PASS",
        "groundwork:secret.threed-generator.SMTP_USER",
    }


def test_a_secret_that_nothing_asks_for_is_a_slip(project: Project) -> None:
    key = "groundwork:secret.threed-generator.HUNYUAN_KEY"

    (problem,) = project.problems(**{key: "0123456789abcdef"})
    assert problem.key == key


def test_the_settings_hold_no_secret(project: Project) -> None:
    value = "a-value-that-nobody-may-see"

    assert value not in repr(project.load(**{SECRET: value}))


# Whatever stands in a stack file, the answer is settings or problems: never a traceback.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner),
    max_leaves=5,
)
KEYS = sorted(key.removeprefix("groundwork:") for key in configuration("prod"))


@hypothesis_settings(max_examples=150)
@given(key=st.sampled_from(KEYS) | st.text(max_size=12), value=JSON)
def test_any_value_of_any_key_is_settings_or_problems(key: str, value: object) -> None:
    for problem in _problems(_with(key, value)):
        assert problem.file
        assert problem.key
        assert problem.allowed


def _problems(values: dict[str, str]) -> tuple[Problem, ...]:
    try:
        load("prod", values)
    except SettingsError as error:
        return error.problems
    return ()


def _with(key: str, value: object) -> dict[str, str]:
    values = dict(BASE)
    values[f"groundwork:{key}"] = value if isinstance(value, str) else json.dumps(value)
    return values


BASE = configuration("prod")


def paths_in(node: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where something stands in a document: each key, each entry of a list."""
    inner = node.items() if isinstance(node, dict) else enumerate(cast(list[Any], node))
    for step, value in inner:
        yield (*path, step)
        if isinstance(value, dict | list):
            yield from paths_in(value, (*path, step))


FILES = {path: yaml.safe_load(path.read_text()) for path in sorted((ROOT / "apps").glob("*.yaml"))}
FILES[ROOT / STACK] = yaml.safe_load((ROOT / STACK).read_text())
SECRETS = {key: value for key, value in BASE.items() if is_secret_key(key.partition(":")[2])}
PLACES = [(file, path) for file, document in FILES.items() for path in paths_in(document)]


@hypothesis_settings(max_examples=40, deadline=None)
@given(place=st.sampled_from(PLACES), put=st.sampled_from([REMOVED, None, [], {}, "x", 0, True]))
def test_whatever_goes_missing_or_wrong_in_a_file_is_settings_or_problems(
    place: tuple[Path, tuple[str | int, ...]], put: object
) -> None:
    changed, (*steps, last) = place
    with TemporaryDirectory() as name:
        root = Path(name)
        (root / "apps").mkdir()
        for file, document in FILES.items():
            spoilt = copy.deepcopy(document)
            if file == changed:
                here: Any = spoilt
                for step in steps:
                    here = here[step]
                if put is REMOVED:
                    del here[last]
                else:
                    here[last] = put
            (root / file.relative_to(ROOT)).write_text(written(spoilt))
        problems: tuple[Problem, ...] = ()
        try:
            load("prod", {**SECRETS, **stack_configuration("prod", root)}, root)
        except SettingsError as error:
            problems = error.problems
    assert all(problem.key and problem.allowed for problem in problems)


def test_no_file_is_touched_by_loading(project: Project) -> None:
    before = {path: path.read_bytes() for path in _files(project.root)}

    project.load()

    assert {path: path.read_bytes() for path in _files(project.root)} == before


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]
