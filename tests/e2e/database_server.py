"""The databases of the local stack, asked from behind, whatever became of their users."""

import json
from typing import Any

from localcloud.machines.container import Container
from localcloud.services import databases, mariadb, postgres
from localcloud.services.fleet import directory_name
from settings.load import stack_configuration
from tests.e2e.cloud import REGION, Cloud


def described(cloud: Cloud, application: str, *, replica: bool = False) -> dict[str, Any]:
    """An application's primary, or its replica, as RDS tells of it."""
    (found,) = [
        one
        for one in cloud.client("rds").describe_db_instances()["DBInstances"]
        if one["DBInstanceIdentifier"].startswith(f"{application}-")
        and bool(one.get("ReadReplicaSourceDBInstanceIdentifier")) is replica
    ]
    return found


def name_of(application: str) -> str:
    """Its database on the server, which the operations instance makes: RDS does not know it."""
    placed = json.loads(stack_configuration("local")["groundwork:applications"])
    return placed[application]["stores"]["main"]["name"]


def server(cloud: Cloud, database: dict[str, Any]) -> Container:
    """The machine that it is here."""
    name = directory_name(databases.KIND, REGION, database["DBInstanceIdentifier"])
    return cloud.container(f"services/{name}")


def query(cloud: Cloud, database: dict[str, Any], statement: str, *, of: str = "") -> str:
    """What the server's own user is answered, bare; nothing while there is no server."""
    container = server(cloud, database)
    if container.leader is None:
        return ""
    asking = _mysql if database["Engine"] == "mysql" else _postgres
    return container.run(*asking(database, statement, of)).stdout.strip()


def _postgres(database: dict[str, Any], statement: str, of: str) -> tuple[str, ...]:
    user = postgres.SERVER_USER
    return (
        *("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"),
        *(f"{postgres.BINARIES}/psql", "-XqAt", "-h", postgres.SOCKET, "-U", postgres.SUPERUSER),
        *("-p", str(database["Endpoint"]["Port"]), "-d", of or "postgres", "-c", statement),
    )


def _mysql(_: dict[str, Any], statement: str, of: str) -> tuple[str, ...]:
    words = ("--batch", "--skip-column-names", f"--execute={statement}", of)
    return ("mariadb", "--no-defaults", f"--socket={mariadb.SOCKET}", *words)
