"""MariaDB in MySQL's place, as RDS runs that: TLS, parameters, replicas by binary log."""

import hashlib
import re
import subprocess
import zlib
from functools import cache
from pathlib import Path

from localcloud.machines.image import Image
from localcloud.services.node import CONFIG, DATA, SNAPSHOTS, Node
from localcloud.services.server import ServerError, Settings, Source

SERVER_USER = "mysql"
SOCKET = "/run/mysqld/mysqld.sock"
CLUSTER = f"{DATA}/cluster"
REPLICATOR = "rdsrepladmin"
# What RDS for MySQL grants its master user (RDS guide, "Master user account privileges").
MASTER_PRIVILEGES = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, "
    "SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, "
    "REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, "
    "EVENT, TRIGGER, "
    # MariaDB's own, without which it lets nobody grant ALL PRIVILEGES on a database.
    "DELETE HISTORY, SHOW CREATE ROUTINE"
)
# A replica is filled by a dump, and follows from there.
REPLICATOR_PRIVILEGES = (
    "SELECT, RELOAD, LOCK TABLES, SHOW VIEW, EVENT, TRIGGER, REPLICATION SLAVE, BINLOG MONITOR"
)

# Ours to decide, whatever a parameter group says.
FIXED = {
    "bind_address": "*",
    "datadir": CLUSTER,
    "socket": SOCKET,
    "pid_file": "/run/mysqld/mysqld.pid",
    "skip_name_resolve": "ON",
    "ssl_ca": f"{CONFIG}/ca.crt",
    "ssl_cert": f"{CONFIG}/server.crt",
    "ssl_key": f"{CONFIG}/server.key",
    "log_bin": "binlog",
    "log_slave_updates": "ON",
    "relay_log": "relay",
    "binlog_format": "ROW",
}
DEFAULTS = {"character_set_server": "utf8mb4", "max_connections": "200", "sync_binlog": "1"}


def configuration(settings: Settings, known: frozenset[str]) -> tuple[dict[str, str], list[str]]:
    """The server's files, and the parameters of MySQL's that MariaDB does not have."""
    asked = {name.replace("-", "_"): value for name, value in settings.parameters.items()}
    unknown = sorted(set(asked) - known)
    values = {
        **DEFAULTS,
        **{name: value for name, value in asked.items() if name not in unknown},
        **FIXED,
        "port": str(settings.port),
        # Each server of a replication needs a number of its own.
        "server_id": str(zlib.crc32(settings.identifier.encode()) or 1),
        "read_only": "ON" if settings.source else "OFF",
    }
    lines = "".join(f"{name} = {_one_line(value)}\n" for name, value in sorted(values.items()))
    files = {"my.cnf": f"[mariadbd]\n{lines}", "start": START}
    if settings.source:
        files["source.cnf"] = (
            f"[client]\nhost = {settings.source.address}\nport = {settings.source.port}\n"
            f"user = {REPLICATOR}\npassword = {settings.source.password}\n"
            f"ssl\nssl-ca = {CONFIG}/ca.crt\nssl-verify-server-cert\n"
        )
    return files, unknown


START = f"""set -eu
export HOME={DATA}
as() {{ setpriv --reuid={SERVER_USER} --regid={SERVER_USER} --init-groups "$@"; }}
mkdir -p /run/mysqld
chown {SERVER_USER} /run/mysqld
if [ ! -d {CLUSTER} ]; then
  rm -rf {DATA}/new
  as mkdir {DATA}/new
  as mariadb-install-db --no-defaults --datadir={DATA}/new --skip-test-db \\
    --auth-root-authentication-method=socket --auth-root-socket-user=root >/dev/null
  mv {DATA}/new {CLUSTER}
fi
exec setpriv --reuid={SERVER_USER} --regid={SERVER_USER} --init-groups \\
  mariadbd --defaults-file={CONFIG}/my.cnf
"""


@cache
def known_parameters(image: Image) -> frozenset[str]:
    """The names that this MariaDB understands."""
    listed = subprocess.run(
        ["chroot", image.root, "mariadbd", "--no-defaults", "--verbose", "--help", "--user=mysql"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    table = listed.rpartition("\n---")[2]
    names = re.findall(r"^([a-z][a-z0-9-]+) ", table, flags=re.MULTILINE)
    return frozenset(name.replace("-", "_") for name in names)


def password_hash(password: str) -> str:
    """What the server keeps of a password, so that no statement or log ever holds it."""
    once = hashlib.sha1(password.encode()).digest()  # noqa: S324 - MySQL's own scheme
    return "*" + hashlib.sha1(once).hexdigest().upper()  # noqa: S324 - MySQL's own scheme


def literal(value: str) -> str:
    """A string as SQL takes any."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def name(identifier: str) -> str:
    return "`" + identifier.replace("`", "``") + "`"


def _one_line(value: str) -> str:
    return value.replace("\n", " ")


class MariaDB:
    """A running server, spoken to over its socket as root."""

    served = "MariaDB 11.8"
    user = SERVER_USER

    def __init__(self, node: Node, image: Image, port: int) -> None:
        self._node = node
        self._image = image
        self._port = port
        self._parameters: dict[str, str] = {}

    def configure(self, settings: Settings) -> tuple[bool, list[str]]:
        """Whether the server has yet to be told, and the parameters that it does not have."""
        files, unknown = configuration(settings, known_parameters(self._image))
        self._parameters = {n: v for n, v in settings.parameters.items() if n not in unknown}
        return self._node.owes(files), unknown

    def start(self, address: str, snapshots: Path) -> None:
        self._node.start(["sh", f"{CONFIG}/start"], address, writable={snapshots: SNAPSHOTS})

    def stop(self) -> None:
        self._node.container.quit(within=60)

    def reload(self) -> None:
        """Tell a running server what it takes; the rest waits for its restart."""
        for parameter, value in self._parameters.items():
            number = value.lstrip("-").replace(".", "", 1).isdigit()
            try:
                self.query(f"SET GLOBAL {parameter} = {value if number else literal(value)}")
            except ServerError:
                continue

    def ready(self) -> bool:
        container = self._node.container
        if container.leader is None:
            return False
        return container.run("mariadb-admin", f"--socket={SOCKET}", "ping").returncode == 0

    def query(self, *statements: str) -> str:
        """Run statements, given on standard input: a process's arguments are for all to read."""
        done = self._node.container.run(
            *("mariadb", "--no-defaults", f"--socket={SOCKET}", "--batch", "--skip-column-names"),
            text=";\n".join(statements) + ";\n",
        )
        if done.returncode:
            raise ServerError(done.stderr.strip())
        return done.stdout.strip()

    def bootstrap(self, master: str, database: str | None, replicator: str) -> None:
        """Make the users and the first database that an instance is created with."""
        who = f"{literal(master)}@'%'"
        replication = f"{literal(REPLICATOR)}@'%'"
        hashed = literal(password_hash(replicator))
        self.query(
            f"CREATE USER IF NOT EXISTS {who} IDENTIFIED BY PASSWORD '{password_hash(replicator)}'",
            f"GRANT {MASTER_PRIVILEGES} ON *.* TO {who} WITH GRANT OPTION",
            f"CREATE USER IF NOT EXISTS {replication} REQUIRE SSL",
            f"ALTER USER {replication} IDENTIFIED BY PASSWORD {hashed}",
            f"GRANT {REPLICATOR_PRIVILEGES} ON *.* TO {replication}",
        )
        if database:
            self.query(f"CREATE DATABASE IF NOT EXISTS {name(database)}")

    def set_password(self, role: str, password: str) -> None:
        hashed = literal(password_hash(password))
        self.query(f"ALTER USER {literal(role)}@'%' IDENTIFIED BY PASSWORD {hashed}")

    def ensure_slot(self, slot: str) -> None:
        """The binary log keeps what a replica has not read yet."""

    def drop_slot(self, slot: str) -> None:
        """Nothing is kept for a single replica."""

    def lag_seconds(self) -> float:
        """Seconds_Behind_Master; ServerError where replication does not run."""
        behind = self.query(
            "SELECT Seconds_Behind_Master FROM information_schema.slave_status LIMIT 1"
        )
        if not behind.isdigit():
            raise ServerError("replication does not run")
        return float(behind)

    def follow(self, source: Source) -> None:
        """Take over all the source has, then whatever it writes."""
        if self.query("SELECT COUNT(*) FROM information_schema.slave_status") != "0":
            return
        # Its own binary log begins with what it is told from now on.
        dump = (
            "{ echo 'SET SESSION sql_log_bin = 0;'; "
            f"mariadb-dump --defaults-extra-file={CONFIG}/source.cnf --all-databases"
            " --single-transaction --master-data=1 --gtid --routines --events --triggers;"
            f" }} | mariadb --no-defaults --socket={SOCKET}"
        )
        done = self._node.container.run("bash", "-o", "pipefail", "-c", dump, timeout=3600)
        if done.returncode:
            raise ServerError(done.stderr.strip())
        self.query(
            "FLUSH PRIVILEGES",
            f"CHANGE MASTER TO MASTER_HOST = {literal(source.address)}, "
            f"MASTER_PORT = {source.port}, MASTER_USER = {literal(REPLICATOR)}, "
            f"MASTER_PASSWORD = {literal(source.password)}, MASTER_SSL = 1, "
            f"MASTER_SSL_CA = '{CONFIG}/ca.crt', MASTER_USE_GTID = slave_pos",
            "START SLAVE",
        )

    def promote(self) -> None:
        self.query("STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL read_only = OFF")

    def back_up(self, into: str) -> None:
        """A consistent copy of a running server, in a snapshot's directory."""
        target = f"{SNAPSHOTS}/{into}"
        steps = (
            f"mariadb-backup --no-defaults --backup --datadir={CLUSTER} --socket={SOCKET}"
            f" --user=root --target-dir={target}",
            f"mariadb-backup --no-defaults --prepare --target-dir={target}",
            f"chown -R {SERVER_USER}: {target}",
        )
        done = self._node.container.run("sh", "-c", " && ".join(steps), timeout=3600)
        if done.returncode:
            raise ServerError(done.stderr.strip().splitlines()[-1])
