"""What machines are told that only other resources know: asked of those, and read back here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import pulumi

from components.application_edge import PublishedAt
from components.migration_task import MigrationTask
from components.stores import DatabaseAccesses
from components.workload import SecretReference, Workload
from hosts.programs.task import Task
from hosts.roles.service import SecretSource

Asked = dict[str, Any]
"""Each fact under the name that it is read back by, as its resource will know it."""
Told = Mapping[str, Any]
"""The same, once the resources are there."""


@dataclass(frozen=True, kw_only=True)
class Variables:
    """A service's variables, and where its secrets are fetched: nothing in it is secret."""

    environment: Mapping[str, str]
    secrets: Mapping[str, SecretSource]

    @staticmethod
    def ask(workload: Workload) -> Asked:
        return {
            "environment": dict(workload.plain),
            "secrets": {name: _source(secret) for name, secret in workload.secret.items()},
        }

    @classmethod
    def read(cls, told: Told) -> Self:
        return cls(
            environment=told["environment"],
            secrets={name: SecretSource(**source) for name, source in told["secrets"].items()},
        )


@dataclass(frozen=True, kw_only=True)
class HostFacts:
    """What a host of a pool is told."""

    operations: str  # address of the operations instance
    services: Mapping[str, Variables]  # by application-service

    @staticmethod
    def ask(operations: pulumi.Input[str], workloads: Mapping[str, Workload]) -> Asked:
        return {
            "operations": operations,
            "services": {name: Variables.ask(workload) for name, workload in workloads.items()},
        }

    @classmethod
    def read(cls, told: Told) -> Self:
        return cls(
            operations=told["operations"],
            services={name: Variables.read(one) for name, one in told["services"].items()},
        )


@dataclass(frozen=True, kw_only=True)
class DatabaseFacts:
    """How the operations instance comes into a database."""

    name: str
    administrator: str  # ARN of the secret
    backup_user: str
    secrets: Mapping[str, str]  # role -> ARN of the secret
    bucket: str | None  # of its dumps; None: it has none

    @staticmethod
    def ask(accesses: DatabaseAccesses, bucket: pulumi.Input[str] | None) -> Asked:
        return {
            "name": accesses.database_name,
            "administrator": accesses.administrator_secret_arn,
            "backup_user": accesses.backup_user,
            "secrets": accesses.secret_arns,
            "bucket": bucket,
        }


@dataclass(frozen=True, kw_only=True)
class SiteFacts:
    """Where the CDN has a site."""

    bucket: str
    distribution: str

    @staticmethod
    def ask(place: PublishedAt) -> Asked:
        return {"bucket": place.bucket.name, "distribution": place.distribution_id}


def ask_place(task: MigrationTask, region: str) -> Asked:
    """Where the operations instance begins tasks of migrations; Task.read reads the answer."""
    return {
        "region": region,
        "cluster": task.cluster_arn,
        "definition": task.definition_arn,
        "family": task.family,
        "container": task.container,
        "subnets": list(task.subnet_ids),
        "group": task.group_id,
        "logs": task.log_group,
    }


@dataclass(frozen=True, kw_only=True)
class OperationsFacts:
    """What the operations instance is told."""

    encryption_key: str  # ARN
    databases: Mapping[str, DatabaseFacts]  # by application-store
    migrations: Mapping[str, Variables]  # by application
    tasks: Mapping[str, Task]  # by application: where its migration runs, on ECS
    sites: Mapping[str, Mapping[str, SiteFacts]]  # by application, by site

    @staticmethod
    def ask(
        encryption_key: pulumi.Input[str],
        databases: Mapping[str, Asked],
        migrations: Mapping[str, Workload],
        tasks: Mapping[str, Asked],
        sites: Mapping[str, Mapping[str, PublishedAt]],
    ) -> Asked:
        return {
            "encryption_key": encryption_key,
            "databases": databases,
            "migrations": {name: Variables.ask(workload) for name, workload in migrations.items()},
            "tasks": tasks,
            "sites": {
                name: {site: SiteFacts.ask(place) for site, place in places.items()}
                for name, places in sites.items()
            },
        }

    @classmethod
    def read(cls, told: Told) -> Self:
        return cls(
            encryption_key=told["encryption_key"],
            databases={name: DatabaseFacts(**one) for name, one in told["databases"].items()},
            migrations={name: Variables.read(one) for name, one in told["migrations"].items()},
            tasks={name: Task.read(one) for name, one in told["tasks"].items()},
            sites={
                name: {site: SiteFacts(**place) for site, place in places.items()}
                for name, places in told["sites"].items()
            },
        )


def _source(secret: SecretReference) -> Asked:
    more = {"generation": secret.generation, "file": secret.file}
    return {
        "arn": secret.arn,
        "field": secret.field,
        **{key: value for key, value in more.items() if value},
    }
