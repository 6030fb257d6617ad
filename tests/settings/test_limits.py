"""Each thing that AWS refuses: one case that is refused here, and one beside it that is not."""

from collections.abc import Mapping
from typing import Any

import pytest

from settings.limits import LIMITS
from tests.settings.files import Project

MAIN = "applications/threed-generator/stores/main"
CACHE = "applications/threed-generator/stores/cache"
ECS: dict[str, Any] = {
    "kind": "ecs",
    "services": {"web": {"cpu": 256, "memory_mb": 512}, "api": {"cpu": 1024, "memory_mb": 2048}},
}
MYSQL: dict[str, Any] = {
    "stores/main/kind": "mysql",
    "stores/main/version": "8.4",
    "stores/main/character_set": "utf8mb4",
    "stores/main/extensions": [],
}
PLACEMENT = "applications/threed-generator/placement"


def routes(count: int) -> list[dict[str, str]]:
    return [{"host": "api", "path": f"/{number}"} for number in range(count)]


def service(port: int) -> dict[str, Any]:
    return {
        "runtime": {"kind": "node", "start": "main.js"},
        "port": port,
        "health": {"path": "/health"},
        "routes": [{"host": "api", "path": f"/{port}"}],
    }


def many_services(count: int) -> dict[str, Any]:
    return {f"services/s{number}": service(4000 + number) for number in range(count)}


def many_pools(count: int) -> dict[str, Any]:
    return {f"{PLACEMENT}/pools/s{number}": "api" for number in range(count)}


# id → (application changes, stack changes) that AWS refuses, and the like that it accepts.
Change = tuple[Mapping[str, Any], Mapping[str, Any]]
CASES: dict[str, tuple[Change, Change]] = {
    "vpc-size": (
        ({}, {"network/cidr": "10.40.0.0/21"}),
        ({}, {"network/cidr": "10.40.0.0/20"}),
    ),
    "vpc-private-range": (
        ({}, {"network/cidr": "52.40.0.0/16"}),
        ({}, {"network/cidr": "192.168.0.0/16"}),
    ),
    "two-zones": (
        ({}, {"network/zones": ["a"]}),
        ({}, {"network/zones": ["a", "b"]}),
    ),
    "group-rules": (
        (
            {},
            {"access": {"kind": "bastion", "allowed_from": [f"192.0.2.{n}/32" for n in range(61)]}},
        ),
        (
            {},
            {"access": {"kind": "bastion", "allowed_from": [f"192.0.2.{n}/32" for n in range(60)]}},
        ),
    ),
    "group-name": (
        ({}, {"pools/sg-web": {"instance_type": "t4g.small"}}),
        ({}, {"pools/sgweb": {"instance_type": "t4g.small"}}),
    ),
    "target-group-name": (
        (
            {"services/abcdefgh": service(4000)},
            {f"{PLACEMENT}/pools/abcdefgh": "api"},
        ),
        (
            {"services/abcdefg": service(4000)},
            {f"{PLACEMENT}/pools/abcdefg": "api"},
        ),
    ),
    "replication-group-id": (
        (
            {"stores/abcdefghijklmnop": {"kind": "redis"}},
            {
                "applications/threed-generator/stores/abcdefghijklmnop": {
                    "kind": "cache",
                    "node_type": "cache.t4g.medium",
                }
            },
        ),
        (
            {"stores/abcdefghijklmno": {"kind": "redis"}},
            {
                "applications/threed-generator/stores/abcdefghijklmno": {
                    "kind": "cache",
                    "node_type": "cache.t4g.medium",
                }
            },
        ),
    ),
    "log-retention": (
        ({}, {"network/flow_log_days": 45}),
        ({}, {"network/flow_log_days": 60}),
    ),
    "ebs-optimized": (
        ({}, {"pools/web/instance_type": "t2.medium"}),
        ({}, {"pools/web/instance_type": "t4g.large"}),
    ),
    "content-policy-length": (
        ({"headers/content_security_policy": "x" * 1784}, {}),
        ({"headers/content_security_policy": "x" * 1783}, {}),
    ),
    "firewall-rule-name": (
        ({"services/api/proxy/rate_limit/log_in": {f"/{'a' * 102}": 5}}, {}),
        ({"services/api/proxy/rate_limit/log_in": {f"/{'a' * 101}": 5}}, {}),
    ),
    "bucket-name": (({}, {"artifacts": "xn--artifacts"}), ({}, {"artifacts": "xn-artifacts"})),
    "bucket-dots": (({}, {"artifacts": "my.artifacts"}), ({}, {"artifacts": "my-artifacts"})),
    "health-check-bounds": (
        ({"services/web/health/interval_seconds": 3, "services/web/health/timeout_seconds": 2}, {}),
        ({"services/web/health/interval_seconds": 5, "services/web/health/timeout_seconds": 2}, {}),
    ),
    "listener-rules": (
        ({"services/api/routes": routes(100)}, {}),
        ({"services/api/routes": routes(99)}, {}),
    ),
    "target-groups": (
        (many_services(99), many_pools(99)),
        (many_services(98) | {"services/api/routes": routes(1)}, many_pools(98)),
    ),
    "certificate-names": (
        ({f"hosts/h{number}": f"h{number}" for number in range(8)}, {}),
        ({f"hosts/h{number}": f"h{number}" for number in range(7)}, {}),
    ),
    "certificate-common-name": (
        (
            {},
            {
                "dns": {"kind": "own-zones"},
                "applications/threed-generator/domain": f"{'a' * 57}.com",
            },
        ),
        (
            {},
            {
                "dns": {"kind": "own-zones"},
                "applications/threed-generator/domain": f"{'a' * 56}.com",
            },
        ),
    ),
    "front-port": (
        ({"services/web/port": 55_536, "services/web/environment/PORT": 55_536}, {}),
        ({"services/web/port": 55_535, "services/web/environment/PORT": 55_535}, {}),
    ),
    "engine-version": (
        ({"stores/main/version": "99"}, {}),
        ({"stores/main/version": "16"}, {}),
    ),
    "instance-class": (
        ({}, {f"{MAIN}/instance_class": "db.m4.large"}),
        ({}, {f"{MAIN}/instance_class": "db.m6g.large"}),
    ),
    "instance-type": (
        ({}, {"pools/web/instance_type": "t4g.4xlarge"}),
        ({}, {"pools/web/instance_type": "c7g.4xlarge"}),
    ),
    "extensions": (
        ({"stores/main/extensions": ["pg_audit"]}, {}),
        ({"stores/main/extensions": ["pgaudit", "uuid-ossp"]}, {}),
    ),
    "database-name": (
        ({}, {f"{MAIN}/name": "template1"}),
        ({}, {f"{MAIN}/name": "generator"}),
    ),
    "instance-class-size": (
        ({}, {f"{MAIN}/instance_class": "db.t4g.nano"}),
        ({}, {f"{MAIN}/instance_class": "db.t4g.micro"}),
    ),
    "replicas-need-backups": (
        ({}, {f"{MAIN}/backup_days": 0}),
        ({}, {f"{MAIN}/backup_days": 0, f"{MAIN}/replicas": 0}),
    ),
    "major-upgrade": (
        (MYSQL, {f"{MAIN}/major_upgrade": True}),
        ({}, {f"{MAIN}/major_upgrade": True}),
    ),
    "storage-ceiling": (
        ({}, {f"{MAIN}/max_storage_gb": 109}),
        ({}, {f"{MAIN}/max_storage_gb": 110}),
    ),
    "database-owner": (
        ({"stores/main/owner": "rdsadmin"}, {}),
        ({"stores/main/owner": "rdsowner"}, {}),
    ),
    "mysql-role-name": (
        (
            {**MYSQL, "stores/main/name": "sys"},
            {},
        ),
        (
            {**MYSQL, "stores/main/name": "syst"},
            {},
        ),
    ),
    "windows-apart": (
        ({}, {f"{MAIN}/backup_window": "19:30-20:30"}),
        ({}, {f"{MAIN}/backup_window": "20:00-20:30"}),
    ),
    "window-length": (
        ({}, {f"{CACHE}/snapshot_window": "01:00-01:59"}),
        ({}, {f"{CACHE}/snapshot_window": "01:00-02:00"}),
    ),
    "cache-version": (
        ({"stores/cache/version": "8.0"}, {}),
        ({"stores/cache/version": "7.0"}, {}),
    ),
    "cache-memory": (
        ({}, {f"{CACHE}/node_type": "cache.t4g.micro"}),
        ({}, {f"{CACHE}/node_type": "cache.t4g.small"}),
    ),
    "fargate-size": (
        (
            {},
            {
                PLACEMENT: ECS
                | {"services": ECS["services"] | {"web": {"cpu": 256, "memory_mb": 4096}}}
            },
        ),
        (
            {},
            {
                PLACEMENT: ECS
                | {"services": ECS["services"] | {"web": {"cpu": 512, "memory_mb": 4096}}}
            },
        ),
    ),
    "fargate-stop": (
        ({"services/web/stop_seconds": 121}, {PLACEMENT: ECS}),
        ({"services/web/stop_seconds": 120}, {PLACEMENT: ECS}),
    ),
    "task-overrides": (
        ({"migration/command": "x" * 7901}, {PLACEMENT: ECS}),
        ({"migration/command": "x" * 7900}, {PLACEMENT: ECS}),
    ),
    "scaling-range": (
        (
            {},
            {
                PLACEMENT: ECS
                | {"services": ECS["services"] | {"web": {"count": 3, "max_count": 2}}}
            },
        ),
        (
            {},
            {
                PLACEMENT: ECS
                | {"services": ECS["services"] | {"web": {"count": 3, "max_count": 3}}}
            },
        ),
    ),
}
# Rows that need more applications than the project has: built in memory instead.
ELSEWHERE = {"listener-certificates"}


def test_every_row_is_proved_both_ways() -> None:
    assert {row.id for row in LIMITS} == set(CASES) | ELSEWHERE


@pytest.mark.parametrize("row", CASES)
def test_refused(project: Project, row: str) -> None:
    (source,) = {limit.source for limit in LIMITS if limit.id == row}
    application, stack = CASES[row][0]
    project.change_application(application)
    project.change_stack(stack)

    problems = project.problems()
    assert [problem for problem in problems if source in problem.allowed], problems


@pytest.mark.parametrize("row", CASES)
def test_accepted(project: Project, row: str) -> None:
    application, stack = CASES[row][1]
    project.change_application(application)
    project.change_stack(stack)

    assert project.problems() == []


def test_a_major_upgrade_without_a_snapshot_before_it_is_refused(project: Project) -> None:
    project.change_stack({f"{MAIN}/{key}": 0 for key in ("backup_days", "replicas")})
    assert project.problems() == []

    project.change_stack({f"{MAIN}/major_upgrade": True})

    (problem,) = project.problems()
    assert problem.key.endswith("stores.main.backup_days")


@pytest.mark.parametrize(("count", "refused"), [(26, False), (27, True)])
def test_a_load_balancer_has_so_many_certificates(
    project: Project, count: int, refused: bool
) -> None:
    (row,) = [limit for limit in LIMITS if limit.id == "listener-certificates"]
    settings = project.load()
    (application,) = settings.applications.values()
    many = settings.model_copy(
        update={"applications": {f"app-{number}": application for number in range(count)}}
    )

    assert bool(list(row.check(many))) is refused
