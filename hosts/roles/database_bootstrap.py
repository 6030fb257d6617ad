"""A database with its roles and rights, made from the operations instance, and its migrations."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hosts.programs import DIRECTORY, source
from hosts.roles.service import Service
from hosts.steps import Directory, Ensure, File, Packages, Role, User, words
from hosts.unit import environment_file

CLIENTS = {"postgres": "postgresql-client", "mysql": "mariadb-client"}


@dataclass(frozen=True, kw_only=True)
class DatabaseRole:
    """A database user; its secret holds {username, password, host, port, ...}."""

    name: str
    secret_arn: str
    rights: Literal["write", "read", "backup"]
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    """ALTER ROLE … SET in this database: statement_timeout and the like."""


@dataclass(frozen=True, kw_only=True)
class DatabaseBootstrap:
    key: str
    """APPLICATION-STORE."""
    engine: Literal["postgres", "mysql"]
    database: str
    administrator_secret_arn: str
    owner: str
    owner_secret_arn: str
    roles: tuple[DatabaseRole, ...]
    extensions: tuple[str, ...] = ()
    certificates: str | None = None
    """Authorities that the server's certificate is checked against; none: TLS without a check."""
    character_set: str = "UTF8"

    @property
    def specification(self) -> str:
        return f"/etc/groundwork/databases/{self.key}.json"


def database_bootstrap(wanted: DatabaseBootstrap) -> Role:
    """Asked of the database itself at every run, so a right that somebody took is given again."""
    facts = {
        "engine": wanted.engine,
        "database": wanted.database,
        "administrator": {"arn": wanted.administrator_secret_arn},
        "owner": {"name": wanted.owner, "arn": wanted.owner_secret_arn},
        "roles": [
            {
                "name": role.name,
                "arn": role.secret_arn,
                "rights": role.rights,
                "settings": dict(sorted(role.settings.items())),
            }
            for role in wanted.roles
        ],
        "extensions": list(wanted.extensions),
        "certificates": wanted.certificates,
        "character_set": wanted.character_set,
    }
    program = f"{DIRECTORY}/database"
    return Role(
        name=f"database {wanted.key}",
        install=(Packages((CLIENTS[wanted.engine],)),),
        configure=(
            File(program, source("database.py"), mode="0755"),
            Directory("/etc/groundwork/databases"),
            File(wanted.specification, json.dumps(facts, indent=2) + "\n"),
        ),
        activate=(
            Ensure(
                f"database {wanted.database} with its roles",
                words(program, "check", wanted.specification),
                words(program, "bootstrap", wanted.specification),
            ),
        ),
    )


@dataclass(frozen=True, kw_only=True)
class DatabaseMigration:
    """The command that brings the database to a version, as the release program starts it."""

    service: Service
    """Whose release, variables and secrets it has; the secret of the database is the owner's."""
    bootstrap: DatabaseBootstrap
    command: str
    longest_seconds: int = 1800


def database_migration(wanted: DatabaseMigration) -> Role:
    """One unit a version: APPLICATION-migrate@VERSION, as confined as a service."""
    service = wanted.service
    key = f"{service.application}-migrate"
    migrator = Service(
        application=service.application,
        name="migrate",
        part=service.part or service.name,
        environment=service.environment,
        secrets=service.secrets,
        writable=service.writable,
    )
    unit = migrator.unit_file(
        start=(
            f"{DIRECTORY}/database",
            "migrate",
            wanted.bootstrap.specification,
            "@VERSION@",
            "--",
            "/bin/sh",
            "-c",
            wanted.command,
        ),
        kind="oneshot",
        restart="no",
        directory=f"/srv/{service.application}/releases/@VERSION@/{migrator.part}",
        needs=(),
        start_seconds=wanted.longest_seconds,
    )
    text = unit.text().replace("@VERSION@", "%i")
    text = text.replace("\n[Install]\nWantedBy=multi-user.target\n", "")
    return Role(
        name=key,
        configure=(
            User(migrator.user, home=f"/var/lib/{key}"),
            Directory(migrator.configuration),
            File(
                f"{migrator.configuration}/environment",
                environment_file(migrator.environment),
                mode="0640",
                group=migrator.user,
            ),
            *(
                [
                    File(
                        f"{migrator.configuration}/secrets.json",
                        migrator.secrets_specification(),
                    )
                ]
                if migrator.secrets
                else []
            ),
            File(f"/etc/systemd/system/{key}@.service", text),
        ),
    )
