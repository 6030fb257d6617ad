"""The stores that the small applications need, real ones on loopback: for their own tests."""

import http.server
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from localcloud.authority import Authority

PASSWORD = "p@ss/word %1"
URL_PASSWORD = "p%40ss%2Fword%20%251"
PRIMARY, REPLICA = "127.0.0.1", "127.0.0.5"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(what: str, so: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so within {seconds} s: {what}")
        time.sleep(0.1)


def postgres_programs() -> Path | None:
    """Debian keeps a server's programs off PATH, by major version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


@dataclass
class Postgres:
    """A primary and its streaming replica, which take encrypted connections alone: one port, and
    an address for each, as on AWS."""

    directory: Path
    programs: Path
    port: int = field(default_factory=free_port)

    def _as_postgres(self, *words: str, text: str | None = None) -> str:
        # The server refuses to run as root.
        user = "postgres" if os.geteuid() == 0 else None
        done = subprocess.run(
            [str(self.programs / words[0]), *words[1:]],
            input=text,
            capture_output=True,
            text=True,
            cwd="/",
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            user=user,
            group=user,
        )
        if done.returncode:
            raise RuntimeError(f"{words[0]}: {done.stdout}{done.stderr}")
        return done.stdout

    def sql(self, statements: str, database: str = "postgres", *, replica: bool = False) -> str:
        return self._as_postgres(
            *("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database),
            *("-h", str(self.directory / ("on-replica" if replica else "on-primary"))),
            *("-p", str(self.port)),
            text=statements,
        ).strip()

    def create(self, database: str, *, owner: str, user: str) -> None:
        """A database whose owner migrates it, and a role that may read and write what is in it."""
        for role in (owner, user):
            self.sql(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}';")
        self.sql(f'CREATE DATABASE "{database}" OWNER {owner};')
        self.sql(
            f"""ALTER DEFAULT PRIVILEGES FOR ROLE {owner}
            GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {user};""",
            database,
        )

    def _start(self, name: str, address: str) -> None:
        sockets = self.directory / f"on-{name}"
        options = f"-p {self.port} -c listen_addresses={address} -k {sockets}"
        self._as_postgres(
            *("pg_ctl", "start", "-w", "-D", str(self.directory / name)),
            *("-l", str(self.directory / f"{name}.log"), "-o", options),
        )

    def start(self, authority: Authority) -> None:
        issued = authority.issue(["localhost"], [PRIMARY, REPLICA])
        for file, text in (("server.crt", issued.certificate), ("server.key", issued.key)):
            (self.directory / file).write_text(text)
            (self.directory / file).chmod(0o600)
        for name in ("on-primary", "on-replica"):
            (self.directory / name).mkdir()
        if os.geteuid() == 0:
            for path in (self.directory, *self.directory.iterdir()):
                shutil.chown(path, "postgres", "postgres")
        data = self.directory / "primary"
        self._as_postgres("initdb", "-U", "postgres", "--auth=trust", "-N", "-D", str(data))
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(
                "ssl = on\nfsync = off\n"
                f"ssl_cert_file = '{self.directory}/server.crt'\n"
                f"ssl_key_file = '{self.directory}/server.key'\n"
            )
        (data / "pg_hba.conf").write_text(
            "local all all trust\nlocal replication all trust\n"
            "hostssl all all 127.0.0.0/8 scram-sha-256\n"
        )
        self._start("primary", PRIMARY)
        self._as_postgres(
            *("pg_basebackup", "-R", "-D", str(self.directory / "replica"), "-c", "fast"),
            *("-h", str(self.directory / "on-primary"), "-p", str(self.port), "-U", "postgres"),
        )
        self._start("replica", REPLICA)

    def stop(self) -> None:
        for name in ("replica", "primary"):
            if (self.directory / name / "postmaster.pid").exists():
                self._as_postgres(
                    "pg_ctl", "stop", "-m", "immediate", "-D", str(self.directory / name)
                )


@contextmanager
def postgres(authority: Authority, programs: Path) -> Iterator[Postgres]:
    directory = Path(tempfile.mkdtemp(prefix="groundwork-pg."))
    running = Postgres(directory, programs)
    try:
        running.start(authority)
        yield running
    finally:
        running.stop()
        shutil.rmtree(directory)


@dataclass
class Mysql:
    """MariaDB in MySQL's place, as the local cloud has it; it takes encrypted connections alone."""

    directory: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    def sql(self, statements: str, database: str = "") -> str:
        done = subprocess.run(
            [
                *("mariadb", f"--socket={self.directory}/socket", "--user=root"),
                *("--skip-column-names", "--batch", database),
            ],
            input=statements,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def create(self, database: str, *, owner: str, user: str) -> None:
        """A database whose owner migrates it, and a user that may read and write what is in it."""
        rights = {owner: "ALL PRIVILEGES", user: "SELECT, INSERT, UPDATE, DELETE"}
        self.sql(
            f"CREATE DATABASE {database} CHARACTER SET utf8mb4;"
            + "".join(
                f"CREATE USER {name}@'%' IDENTIFIED BY '{PASSWORD}';"
                f"GRANT {those} ON {database}.* TO {name}@'%';"
                for name, those in rights.items()
            )
        )

    def start(self, authority: Authority) -> None:
        data = self.directory / "data"
        issued = authority.issue(["localhost"], [PRIMARY])
        for file, text in (("server.crt", issued.certificate), ("server.key", issued.key)):
            (self.directory / file).write_text(text)
        user = ["--user=mysql"] if os.geteuid() == 0 else []
        if os.geteuid() == 0:
            for path in (self.directory, *self.directory.iterdir()):
                shutil.chown(path, "mysql", "mysql")
        subprocess.run(
            [
                *("mariadb-install-db", "--no-defaults", f"--datadir={data}", *user),
                *("--auth-root-authentication-method=normal", "--skip-test-db"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        self._process = subprocess.Popen(
            [
                *("mariadbd", "--no-defaults", f"--datadir={data}", *user),
                *(f"--socket={self.directory}/socket", f"--pid-file={self.directory}/pid"),
                *(f"--bind-address={PRIMARY}", f"--port={self.port}", "--skip-name-resolve"),
                *(f"--ssl-cert={self.directory}/server.crt", "--require-secure-transport"),
                *(f"--ssl-key={self.directory}/server.key", "--innodb-flush-log-at-trx-commit=0"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually("mariadb listens", lambda: listens(self.port))

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait()


@contextmanager
def mysql(authority: Authority) -> Iterator[Mysql]:
    directory = Path(tempfile.mkdtemp(prefix="groundwork-mysql."))
    running = Mysql(directory)
    try:
        running.start(authority)
        yield running
    finally:
        running.stop()
        shutil.rmtree(directory)


@dataclass
class Redis:
    """With TLS and a token, as the caches of AWS."""

    directory: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"rediss://:{URL_PASSWORD}@localhost:{self.port}"

    def start(self, authority: Authority) -> None:
        issued = authority.issue(["localhost"])
        certificate, key = self.directory / "redis.crt", self.directory / "redis.key"
        certificate.write_text(issued.certificate)
        key.write_text(issued.key)
        configuration = (
            f'port 0\ntls-port {self.port}\nbind 127.0.0.1 ::1\nrequirepass "{PASSWORD}"\n'
            f"tls-cert-file {certificate}\ntls-key-file {key}\n"
            f"tls-ca-cert-file {authority.path}\ntls-auth-clients no\nsave ''\n"
        )
        self._process = subprocess.Popen(
            ["redis-server", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        assert self._process.stdin
        self._process.stdin.write(configuration.replace("''", '""').encode())
        self._process.stdin.close()
        eventually("redis listens", lambda: listens(self.port))

    def ask(self, *words: str) -> str:
        done = subprocess.run(
            [
                *("redis-cli", "-h", "localhost", "-p", str(self.port), "--tls", "--insecure"),
                *words,
            ],
            env={"PATH": os.environ["PATH"], "REDISCLI_AUTH": PASSWORD},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def forget(self) -> None:
        """As if nothing had ever been kept in it."""
        self.ask("FLUSHALL")

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def s3(endpoint: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


class _Metadata(http.server.BaseHTTPRequestHandler):
    """The instance metadata service, version 2 alone: no token, no answer."""

    TOKEN = "token-of-this-session"
    ROLE = "/latest/meta-data/iam/security-credentials/"
    late: list[float]
    """Seconds that the next answers take."""

    def do_PUT(self) -> None:
        time.sleep(self.late.pop() if self.late else 0)
        well = self.path == "/latest/api/token"
        self._answer(200 if well else 404, self.TOKEN)

    def do_GET(self) -> None:
        if self.headers["X-aws-ec2-metadata-token"] != self.TOKEN:
            self._answer(401, "")
        elif self.path == self.ROLE:
            self._answer(200, "api")
        elif self.path == f"{self.ROLE}api":
            expires = datetime.now(UTC) + timedelta(hours=6)
            keys = {
                "Code": "Success",
                "Type": "AWS-HMAC",
                "AccessKeyId": "ASIAOFTHEHOST",
                "SecretAccessKey": "secret",
                "Token": "token",
                "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            self._answer(200, json.dumps(keys))
        else:
            self._answer(404, "")

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def metadata_service(*late: float) -> Iterator[str]:
    """late: seconds that its first answers take."""
    handler = type("Metadata", (_Metadata,), {"late": [*late]})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
