"""PostgreSQL as RDS runs it: the master user is no superuser, TLS, parameters, replicas."""

import base64
import hashlib
import hmac
import re
import secrets
import signal
import subprocess
from functools import cache
from pathlib import Path

from localcloud.machines.image import Image
from localcloud.services.node import CONFIG, DATA, SNAPSHOTS, Node
from localcloud.services.server import ServerError, Settings, Source

MAJOR = "17"
BINARIES = f"/usr/lib/postgresql/{MAJOR}/bin"
SOCKET = "/run/postgresql"
SERVER_USER = "postgres"
# RDS's own superuser and replication user have these names too.
SUPERUSER = "rdsadmin"
REPLICATOR = "rdsrepladmin"
CLUSTER = f"{DATA}/cluster"

# RFC 7677 asks for at least this many.
ITERATIONS = 4096

# Ours to decide, whatever a parameter group says.
FIXED = {
    "listen_addresses": "*",
    "unix_socket_directories": SOCKET,
    "hba_file": f"{CONFIG}/pg_hba.conf",
    "ident_file": f"{CONFIG}/pg_ident.conf",
    "ssl": "on",
    "ssl_cert_file": f"{CONFIG}/server.crt",
    "ssl_key_file": f"{CONFIG}/server.key",
    "hot_standby": "on",
    # Replicas come and go without a restart.
    "max_wal_senders": "20",
    "max_replication_slots": "20",
}
# What RDS sets where nobody says otherwise (RDS guide, "PostgreSQL parameters").
DEFAULTS = {
    "log_line_prefix": "%t:%r:%u@%d:[%p]:",
    "log_timezone": "UTC",
    "max_connections": "200",
    "password_encryption": "scram-sha-256",
    "shared_preload_libraries": "pg_stat_statements",
    "timezone": "UTC",
}


def configuration(settings: Settings, known: frozenset[str]) -> tuple[dict[str, str], list[str]]:
    """The server's files, and the parameters that this PostgreSQL does not have."""
    asked = dict(settings.parameters)
    force_ssl = asked.pop("rds.force_ssl", "1") == "1"
    logical = asked.pop("rds.logical_replication", "0") == "1"
    unknown = sorted(
        name for name in asked if name not in known and ("." not in name or name[:4] == "rds.")
    )
    values = {
        **DEFAULTS,
        **{name: value for name, value in asked.items() if name not in unknown},
        **FIXED,
        "port": str(settings.port),
        "cluster_name": settings.identifier,
        "wal_level": "logical" if logical else "replica",
    }
    if settings.synchronous:
        values["synchronous_standby_names"] = f'"{settings.synchronous}"'
    files = {
        "pg_hba.conf": access(force_ssl),
        "pg_ident.conf": "",
    }
    if settings.source:
        source = settings.source
        values["primary_conninfo"] = (
            f"host={source.address} port={source.port} user={REPLICATOR} sslmode=require "
            f"passfile={CONFIG}/pgpass application_name={settings.identifier}"
        )
        values["primary_slot_name"] = source.slot
        files["pgpass"] = f"{source.address}:{source.port}:*:{REPLICATOR}:{source.password}\n"
    files["postgresql.conf"] = "".join(
        f"{name} = {_quote(value)}\n" for name, value in sorted(values.items())
    )
    files["start"] = start_script(settings)
    return files, unknown


def access(force_ssl: bool) -> str:
    """Who may connect: RDS asks for TLS from version 15 on unless a parameter says otherwise."""
    host = "hostssl" if force_ssl else "host"
    return (
        "local all all trust\nlocal replication all trust\n"
        f"hostssl replication {REPLICATOR} all scram-sha-256\n"
        f"host all {SUPERUSER} all reject\n{host} all all all scram-sha-256\n"
    )


def start_script(settings: Settings) -> str:
    """Make the data the first time, whole or not at all; then become the server."""
    if settings.source:
        source = settings.source
        make = (
            f"PGPASSFILE={CONFIG}/pgpass as {BINARIES}/pg_basebackup --pgdata={DATA}/new"
            f" --host={source.address} --port={source.port} --username={REPLICATOR} --no-password"
            f" --slot={source.slot} --wal-method=stream --checkpoint=fast\n"
            f"  as touch {DATA}/new/standby.signal"
        )
    else:
        make = (
            f"as {BINARIES}/initdb --pgdata={DATA}/new --username={SUPERUSER} --auth=trust"
            " --encoding=UTF8 --locale=C.UTF-8 --data-checksums"
        )
    return f"""set -eu
# Nothing of root's is for the server to read.
export HOME={DATA}
as() {{ setpriv --reuid={SERVER_USER} --regid={SERVER_USER} --init-groups "$@"; }}
mkdir -p {SOCKET}
chown {SERVER_USER} {SOCKET}
if [ ! -d {CLUSTER} ]; then
  rm -rf {DATA}/new
  {make}
  mv {DATA}/new {CLUSTER}
fi
rm -f {CLUSTER}/postmaster.pid
exec setpriv --reuid={SERVER_USER} --regid={SERVER_USER} --init-groups \\
  {BINARIES}/postgres -D {CLUSTER} -c config_file={CONFIG}/postgresql.conf
"""


@cache
def known_parameters(image: Image) -> frozenset[str]:
    """The names that this PostgreSQL understands."""
    described = subprocess.run(
        ["chroot", image.root, f"{BINARIES}/postgres", "--describe-config"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return frozenset(line.split("\t")[0] for line in described.splitlines())


def verifier(password: str, salt: bytes | None = None) -> str:
    """What the server keeps of a password, so that no statement ever holds it (RFC 5803)."""
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    server = hmac.digest(salted, b"Server Key", "sha256")
    stored = hashlib.sha256(client).digest()
    parts = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${ITERATIONS}:{parts[0]}${parts[1]}:{parts[2]}"


def first_statements(master: str) -> list[str]:
    """What makes a fresh server an RDS instance; passwords come after."""
    return [
        "BEGIN",
        "CREATE ROLE rds_superuser NOLOGIN",
        "CREATE ROLE rds_replication NOLOGIN",
        "CREATE ROLE rds_password NOLOGIN",
        "GRANT pg_monitor, pg_signal_backend, pg_checkpoint, pg_read_all_data,"
        " pg_write_all_data, pg_maintain, rds_replication, rds_password"
        " TO rds_superuser WITH ADMIN OPTION",
        f"CREATE ROLE {REPLICATOR} LOGIN REPLICATION",
        f"CREATE ROLE {name(master)} LOGIN CREATEDB CREATEROLE IN ROLE rds_superuser",
        f"ALTER DATABASE postgres OWNER TO {name(master)}",
        "COMMIT",
    ]


def name(identifier: str) -> str:
    """An identifier as SQL takes any."""
    return '"' + identifier.replace('"', '""') + '"'


def slot_name(identifier: str) -> str:
    """A replication slot's name may hold small letters, digits and underscores."""
    return "rds_" + re.sub(r"[^a-z0-9_]", "_", identifier.lower())[:59]


def literal(value: str) -> str:
    """A string as SQL takes any."""
    return "'" + value.replace("'", "''") + "'"


def _quote(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


class Postgres:
    """A running server, spoken to over its socket as its superuser."""

    served = f"PostgreSQL {MAJOR}"
    user = SERVER_USER

    def __init__(self, node: Node, image: Image, port: int) -> None:
        self._node = node
        self._image = image
        self._port = port

    def configure(self, settings: Settings) -> tuple[bool, list[str]]:
        """Whether the server has yet to be told, and the parameters that it does not have."""
        files, unknown = configuration(settings, known_parameters(self._image))
        return self._node.owes(files), unknown

    def start(self, address: str, snapshots: Path) -> None:
        self._node.start(["sh", f"{CONFIG}/start"], address, writable={snapshots: SNAPSHOTS})

    def stop(self) -> None:
        # "Fast": sessions are ended, and everything is on disk.
        self._node.container.quit(signal.SIGINT)

    def ready(self) -> bool:
        container = self._node.container
        if container.leader is None:
            return False
        asked = container.run(
            *(f"{BINARIES}/pg_isready", "-q", "-h", SOCKET, "-p", str(self._port)),
            *("-U", SUPERUSER, "-d", "postgres"),
        )
        return asked.returncode == 0

    def reload(self) -> None:
        self.query("SELECT pg_reload_conf()")

    def query(self, *statements: str, database: str = "postgres") -> str:
        """Run statements, given on standard input: a process's arguments are for all to read."""
        done = self._node.container.run(
            *("setpriv", f"--reuid={SERVER_USER}", f"--regid={SERVER_USER}", "--init-groups"),
            *(f"{BINARIES}/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", SOCKET),
            *("-p", str(self._port), "-U", SUPERUSER, "-d", database, "-f", "-"),
            text=";\n".join(statements) + ";\n",
        )
        if done.returncode:
            raise ServerError(done.stderr.strip())
        return done.stdout.strip()

    def bootstrap(self, master: str, database: str | None, replicator: str) -> None:
        """Make the roles and the first database that an instance is created with."""
        if not self._exists("pg_roles", "rolname", "rds_superuser"):
            self.query(*first_statements(master))
        self.set_password(REPLICATOR, replicator)
        if database and not self._exists("pg_database", "datname", database):
            self.query(f"CREATE DATABASE {name(database)} OWNER {name(master)}")

    def _exists(self, catalogue: str, column: str, value: str) -> bool:
        question = f"SELECT 1 FROM {catalogue} WHERE {column} = {literal(value)}"  # noqa: S608 - quoted
        return self.query(question) == "1"

    def set_password(self, role: str, password: str) -> None:
        self.query(f"ALTER ROLE {name(role)} PASSWORD '{verifier(password)}'")

    def in_recovery(self) -> bool:
        return self.query("SELECT pg_is_in_recovery()") == "t"

    def lag_seconds(self) -> float:
        """How old the last change is that a replica has; 0 once it has all there is."""
        return float(
            self.query(
                "SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0 "
                "ELSE coalesce(extract(epoch FROM now() - pg_last_xact_replay_timestamp()), 0) END"
            )
        )

    def ensure_slot(self, slot: str) -> None:
        if not self._exists("pg_replication_slots", "slot_name", slot):
            self.query(f"SELECT pg_create_physical_replication_slot({literal(slot)}, true)")

    def drop_slot(self, slot: str) -> None:
        if self._exists("pg_replication_slots", "slot_name", slot):
            self.query(f"SELECT pg_drop_replication_slot({literal(slot)})")

    def follow(self, source: Source) -> None:
        """It does so from its first start: its data are a copy of the source's."""

    def promote(self) -> None:
        if self.in_recovery() and self.query("SELECT pg_promote(true, 60)") != "t":
            raise ServerError("was not promoted within a minute")

    def back_up(self, into: str) -> None:
        """A consistent copy of a running server, in a snapshot's directory."""
        done = self._node.container.run(
            *("setpriv", f"--reuid={SERVER_USER}", f"--regid={SERVER_USER}", "--init-groups"),
            *(f"{BINARIES}/pg_basebackup", f"--pgdata={SNAPSHOTS}/{into}", f"--host={SOCKET}"),
            *(f"--port={self._port}", f"--username={SUPERUSER}", "--checkpoint=fast"),
            timeout=3600,
        )
        if done.returncode:
            raise ServerError(done.stderr.strip())
