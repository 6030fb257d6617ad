"""The databases of the local stack, asked from behind, whatever became of their users."""

from typing import Any

from localcloud.machines.container import Container
from localcloud.services import databases, mariadb, postgres
from localcloud.services.fleet import directory_name
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


def server(cloud: Cloud, database: dict[str, Any]) -> Container:
    """The machine that it is here."""
    name = directory_name(databases.KIND, REGION, database["DBInstanceIdentifier"])
    return cloud.container(f"services/{name}")


def query(cloud: Cloud, database: dict[str, Any], statement: str, *, of: str = "") -> str:
    """What the server's own user is answered, bare; a replica does not say `of` which database."""
    container = server(cloud, database)
    if container.leader is None:
        return ""
    asking = _mysql if database["Engine"] == "mysql" else _postgres
    return container.run(
        *asking(database, statement, of or database.get("DBName", "postgres"))
    ).stdout.strip()


def _postgres(database: dict[str, Any], statement: str, of: str) -> tuple[str, ...]:
    user = postgres.SERVER_USER
    return (
        *("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"),
        *(f"{postgres.BINARIES}/psql", "-XqAt", "-h", postgres.SOCKET, "-U", postgres.SUPERUSER),
        *("-p", str(database["Endpoint"]["Port"]), "-d", of, "-c", statement),
    )


def _mysql(_: dict[str, Any], statement: str, of: str) -> tuple[str, ...]:
    words = ("--batch", "--skip-column-names", f"--execute={statement}", of)
    return ("mariadb", "--no-defaults", f"--socket={mariadb.SOCKET}", *words)
