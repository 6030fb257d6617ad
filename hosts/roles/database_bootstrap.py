"""A database with its roles and rights, made from the operations instance."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hosts.programs import DIRECTORY, source
from hosts.roles.database_client import CLIENTS, client_program
from hosts.steps import Directory, Ensure, File, Packages, Role, words


@dataclass(frozen=True, kw_only=True)
class DatabaseRole:
    """A database user; its secret holds {username, password, host, port, ..., next}."""

    name: str
    secret_arn: str
    is_next: bool = False
    """It is about to take over: who it is stands in its secret under `next`."""
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
    closed: tuple[str, ...] = ()
    """Users of passwords that have been replaced: they may not log in any more."""
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
                "is_next": role.is_next,
                "rights": role.rights,
                "settings": dict(sorted(role.settings.items())),
            }
            for role in wanted.roles
        ],
        "closed": list(wanted.closed),
        "extensions": list(wanted.extensions),
        "certificates": wanted.certificates,
        "character_set": wanted.character_set,
    }
    program = f"{DIRECTORY}/database"
    return Role(
        name=f"database {wanted.key}",
        install=(Packages((CLIENTS[wanted.engine],)),),
        configure=(
            *client_program(),
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
