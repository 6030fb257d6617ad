"""A small service that writes into its database all the time, and a host that runs it."""

import hashlib
import io
import tarfile

from hosts.roles.nginx import Backend, Health, Nginx, Proxied, Server, Upstream, nginx
from hosts.roles.release import ReleasedService, Releases, artifact_key, releases
from hosts.roles.schedule import Schedule, schedule
from hosts.roles.service import SecretSource, Service, service_role
from hosts.steps import Packages, Role
from tests.e2e.emulated import Emulated

# What has been written stands in a file of its own, a line each: no write that was acknowledged
# may be in no database.
PROGRAM = """
import http.server, os, signal, subprocess, sys, threading, time
own = dict(os.environ, PGPASSWORD=os.environ["PASSWORD"], MYSQL_PWD=os.environ["PASSWORD"])
place = {key: os.environ[key] for key in ("HOST", "NAME", "STATE", "ENGINE")}
postgres = place["ENGINE"] == "postgres"
client = (
    ["psql", f"host={place['HOST']} user=shop dbname={place['NAME']} sslmode=require", "-qAtXc"]
    if postgres
    else ["mariadb", "--host", place["HOST"], "--user", "shop", "--ssl",
          "--skip-ssl-verify-server-cert", "--skip-column-names", place["NAME"], "-e"]
)
def ask(statement):
    return subprocess.run([*client, statement], env=own, capture_output=True, timeout=20)
def write():
    number = 0
    while True:
        number += 1
        word = f"{int(time.time() * 1000)}-{number}"
        if ask(f"INSERT INTO events (word) VALUES ('{word}')").returncode == 0:
            with open(place["STATE"] + "/acknowledged", "a") as file:
                file.write(word + "\\n")
        time.sleep(0.2)
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words): pass
    def do_GET(self):
        well = self.path == "/health" or ask("SELECT count(*) FROM events").returncode == 0
        if self.path == "/health/db" and os.path.exists(place["STATE"] + "/picky"):
            well = well and ask("SELECT count(*) FROM wanted").returncode == 0
        self.send_response(200 if well else 500)
        self.end_headers()
if sys.argv[1:] == ["tick"]:
    sys.exit(ask("INSERT INTO events (word) VALUES ('by the clock')").returncode)
threading.Thread(target=write, daemon=True).start()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
TABLE = "CREATE TABLE events (id {serial} PRIMARY KEY, word varchar(99));"
SERIAL = {"postgres": "serial", "mysql": "int AUTO_INCREMENT"}


def publish_writer(cloud: Emulated, application: str, engine: str) -> None:
    """Version 1.0.0: the program, and the migration that makes its table."""
    files = {
        "main.py": PROGRAM,
        "migrations/001_events.sql": TABLE.format(serial=SERIAL[engine]),
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content.encode()), 0o644
            archive.addfile(entry, io.BytesIO(content.encode()))
    key = artifact_key(application, "api", "tar.gz", "1.0.0")
    digest = hashlib.sha256(packed.getvalue()).hexdigest()
    s3 = cloud.client("s3")
    s3.put_object(Bucket="artifacts", Key=key, Body=packed.getvalue())
    s3.put_object(Bucket="artifacts", Key=f"{key}.sha256", Body=digest.encode())


def writing_host(engines: dict[str, tuple[str, str, str]], database: str) -> list[Role]:
    """engine → application, address of its server, ARN of the secret of the role that writes."""
    roles: list[Role] = [
        Role(
            name="clients",
            install=(Packages(("mariadb-client", "postgresql-client")),),
        )
    ]
    servers: list[Server] = []
    upstreams: list[Upstream] = []
    for number, (engine, (application, host, secret)) in enumerate(sorted(engines.items())):
        port = 3001 + number
        service = Service(
            application=application,
            name="api",
            environment={
                "ENGINE": engine,
                "HOST": host,
                "NAME": database,
                "PORT": str(port),
                "STATE": f"/var/lib/{application}-api",
            },
            secrets={"PASSWORD": SecretSource(arn=secret, field="password")},
            stop_seconds=10,
        )
        start = ("/usr/bin/python3", "main.py")
        roles += [
            service_role(service, service.unit_file(start=start), install=()),
            schedule(
                Schedule(
                    service=service,
                    name="tick",
                    # systemd lets a unit start ten times in five minutes.
                    at="*-*-* *:*:00/35",
                    command="exec /usr/bin/python3 main.py tick",
                )
            ),
            releases(
                Releases(
                    application=application,
                    bucket="artifacts",
                    artifacts={"api": "tar.gz"},
                    services=(
                        ReleasedService(
                            name="api",
                            unit=service.unit,
                            kind="restart",
                            port=port,
                            health="/health",
                            deep="/health/db",
                            start_seconds=15,
                        ),
                    ),
                    clock=(f"{application}-api-tick",),
                    drain_seconds=0,
                    settle_seconds=0,
                )
            ),
        ]
        upstreams.append(Upstream(name=f"{application}-api", backends=(Backend(port=port),)))
        servers.append(
            Server(
                application=application,
                port=10_000 + port,
                health=Health(path="/health", upstream=f"{application}-api"),
                locations=(Proxied(path="/*", upstream=f"{application}-api"),),
            )
        )
    return [*roles, nginx(Nginx(servers=tuple(servers), upstreams=tuple(upstreams)))]
