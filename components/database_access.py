"""Who an application is to its database: a role for each task, each with a secret of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import pulumi

from components.secret import Generated, Secret, SecretArgs, Supplied, generate
from settings.model import Engine

SCHEMES: dict[Engine, str] = {"postgres": "postgresql", "mysql": "mysql"}
ENCRYPTED: dict[Engine, dict[str, str]] = {
    "postgres": {"sslmode": "require"},
    "mysql": {"ssl-mode": "REQUIRED"},
}


@dataclass(frozen=True, kw_only=True)
class DatabaseRole:
    username: str
    host: pulumi.Input[str]  # a role that only reads may be sent to a replica
    password: pulumi.Input[str] | None = None  # None: generated
    generation: int = 1  # of the password
    accepted: int = 0  # the generation that may still, or soon, be used beside it; 0: none
    next_username: str | None = None  # who takes over with the accepted one; None: nobody


@dataclass(frozen=True, kw_only=True)
class DatabaseAccessArgs:
    engine: Engine
    port: int
    database: str
    roles: Mapping[str, DatabaseRole]  # task -> role: owner, app, readonly, backup
    key_arn: pulumi.Input[str]
    durable: bool
    # What the application's driver wants in the URL beside TLS: connection_limit, pool_timeout.
    url_options: Mapping[str, str] = field(default_factory=dict[str, str])


class DatabaseAccess(pulumi.ComponentResource):
    """Each secret holds {username, password, host, port, dbname, url}; the roles are made later.

    Where another user is about to take over, `next` holds its username and password: for who makes
    it in the database before anybody uses it.
    """

    secret_arns: dict[str, pulumi.Output[str]]  # task -> secret

    def __init__(
        self, name: str, args: DatabaseAccessArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:data:DatabaseAccess", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.secret_arns = {}
        for task, role in args.roles.items():
            password, following = role.password, None
            if password is None:
                passwords = {
                    generation: generate(f"{name}-{task}", Generated(), child, generation)
                    for generation in (role.generation, role.accepted)
                    if generation
                }
                password, following = passwords[role.generation], passwords.get(role.accepted)
            self.secret_arns[task] = Secret(
                f"{name}-{task}",
                SecretArgs(
                    description=f"{args.database}: how to connect as {task}",
                    content=Supplied(value=_connection(args, role, password, following)),
                    key_arn=args.key_arn,
                    durable=args.durable,
                ),
                opts=child,
            ).arn
        self.register_outputs({"secret_arns": self.secret_arns})


def username(role: str, generation: int) -> str:
    """Two users take turns: whoever still has the last password keeps coming in by it."""
    # 32 characters at most (MySQL).
    return role if generation % 2 else f"{role[:30]}_b"


def connection_url(args: DatabaseAccessArgs, username: str, password: str, host: str) -> str:
    """One address with everything in it, each part percent-encoded, over TLS."""
    query = urlencode({**ENCRYPTED[args.engine], **args.url_options}, quote_via=quote)
    return (
        f"{SCHEMES[args.engine]}://{quote(username, safe='')}:{quote(password, safe='')}"
        f"@{host}:{args.port}/{quote(args.database, safe='')}?{query}"
    )


def _connection(
    args: DatabaseAccessArgs,
    role: DatabaseRole,
    password: pulumi.Input[str],
    following: pulumi.Input[str] | None,
) -> pulumi.Output[str]:
    url = pulumi.Output.all(password, role.host).apply(
        lambda known: connection_url(args, role.username, *known)
    )
    return pulumi.Output.secret(
        pulumi.Output.json_dumps(
            {
                "username": role.username,
                "password": password,
                "host": role.host,
                "port": args.port,
                "dbname": args.database,
                "url": url,
                **(
                    {"next": {"username": role.next_username, "password": following}}
                    if role.next_username
                    else {}
                ),
            }
        )
    )
