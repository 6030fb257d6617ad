"""A host that carries every role once, as the tests of roles and of booted machines use it."""

from hosts.roles.baseline import Baseline, baseline
from hosts.roles.fail2ban import Fail2ban, fail2ban
from hosts.roles.host_firewall import HostFirewall, Opening, host_firewall
from hosts.roles.java_service import JavaService, java_service
from hosts.roles.measurements import measurements
from hosts.roles.nginx import (
    SITE_HEALTH,
    Backend,
    Files,
    Health,
    Nginx,
    Proxied,
    RateLimit,
    Server,
    Upstream,
    kept_assets,
    nginx,
    security_headers,
)
from hosts.roles.node_runtime import NodeRuntime, PinnedArchive, Pm2Runtime
from hosts.roles.node_service import NodeService, node_service
from hosts.roles.pm2_service import Pm2Service, pm2_service
from hosts.roles.release import ReleasedService, Releases, releases
from hosts.roles.schedule import Schedule, calendar_event, schedule
from hosts.roles.service import SecretSource, Service
from hosts.roles.ssh_hardening import SshHardening, ssh_hardening
from hosts.steps import Role

PUBLIC_KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE6tPNTJwzBcW4VoFZXbJnJ5rNJYtVxJQH9w7ZVNlqGc deploy"
)
NODE = NodeRuntime(major=20)
ODD = 'a "b" $C %d \\ e'  # what a variable may hold and a unit file could misread
SECRETS = {
    "JWT_SECRET": SecretSource(arn="arn:jwt"),
    "DATABASE_URL": SecretSource(arn="arn:db", field="url"),
    "CERT_PATH": SecretSource(arn="arn:pem", file="cert.pem"),
}

API = Service(
    application="notebook",
    name="api",
    environment={"PORT": "3001", "NODE_ENV": "production", "ODD": ODD},
    secrets=SECRETS,
    writable=("/var/www/notebook/uploads",),
    start_seconds=20,
    stop_seconds=5,
)
MAIL = Service(
    application="notebook",
    name="mail",
    environment={"PORT": "3005", "ODD": ODD},
    secrets=SECRETS,
    memory_limit="512M",
    start_seconds=20,
    stop_seconds=5,
)
WORKER = Service(
    application="notebook", name="worker", environment={}, secrets=SECRETS, stop_seconds=120
)
LEDGER = Service(application="ledger", name="api", environment={"SERVER_PORT": "8080"})

HEADERS = security_headers(content_security_policy="default-src 'self'; script-src 'self'")


def pm2_runtime(bucket: str = "artifacts", sha256: str = "0" * 64) -> Pm2Runtime:
    return Pm2Runtime(
        archive=PinnedArchive(
            bucket=bucket, key="runtimes/pm2-7.0.4.tar.gz", sha256=sha256, version="7.0.4"
        )
    )


def web(limit: RateLimit | None = None) -> Nginx:
    return Nginx(
        trusted_proxies=("10.0.0.0/24", "127.0.0.1"),
        upstreams=(
            Upstream(name="notebook-api", backends=(Backend(port=3001),)),
            Upstream(
                name="elsewhere",
                backends=(
                    Backend(address="10.0.0.11", port=3000, weight=3),
                    Backend(address="10.0.0.12", port=3000, backup=True),
                ),
                balance="least-connections",
            ),
            Upstream(name="ledger-api", backends=(), colours=(8080, 8081)),
        ),
        servers=(
            Server(
                application="notebook",
                port=13001,
                host_names=("api.example.com",),
                headers=HEADERS,
                health=Health(path="/health", upstream="notebook-api"),
                locations=(
                    Proxied(path="/*", upstream="notebook-api", limit=limit, body_limit="50M"),
                    Proxied(
                        path="/ws",
                        upstream="notebook-api",
                        websocket=True,
                        read_timeout_seconds=86_400,
                    ),
                    Proxied(
                        path="/static/*",
                        upstream="notebook-api",
                        immutable_extensions=("js", "css"),
                    ),
                ),
            ),
            Server(
                application="notebook",
                port=13000,
                headers=HEADERS,
                health=Health(path=SITE_HEALTH, upstream=None),
                locations=(
                    Files(
                        path="/*",
                        directory="/srv/notebook/current/web",
                        single_page=True,
                        immutable=("/assets/*",),
                        immutable_directory=kept_assets("notebook", "web"),
                    ),
                ),
            ),
            Server(
                application="ledger",
                port=18080,
                headers=HEADERS,
                denied=("/api/actuator",),
                health=Health(path="/api/actuator/health", upstream="ledger-api"),
                locations=(Proxied(path="/api/*", upstream="ledger-api"),),
            ),
        ),
    )


def host(*, pm2: Pm2Runtime | None = None) -> list[Role]:
    return [
        baseline(Baseline(time_zone="Asia/Shanghai")),
        measurements(),
        ssh_hardening(SshHardening(user="admin", authorized_keys=(PUBLIC_KEY,))),
        host_firewall(
            HostFirewall(
                openings=(
                    Opening(port=22, source="10.0.0.9"),
                    Opening(port=13001, source="10.0.0.0/24"),
                )
            )
        ),
        fail2ban(Fail2ban(never=("10.0.0.0/24",), web=True)),
        nginx(
            web(
                RateLimit(
                    requests_per_second=10, burst=20, connections=10, log_in=(("/auth/login", 5),)
                )
            )
        ),
        pm2_service(
            Pm2Service(
                service=API,
                node=NODE,
                pm2=pm2 or pm2_runtime(),
                script="dist/main.js",
                instances=2,
                process_memory_limit="600M",
                restart_at=calendar_event("0 4 * * *", "Asia/Shanghai"),
            )
        ),
        node_service(NodeService(service=MAIL, runtime=NODE, script="dist/main.js")),
        node_service(NodeService(service=WORKER, runtime=NODE, script="worker.js")),
        java_service(JavaService(service=LEDGER, heap="256M")),
        schedule(
            Schedule(
                service=WORKER,
                name="nightly",
                at=calendar_event("0 2 * * *", "Asia/Shanghai"),
                command='echo "ran with ${#JWT_SECRET} letters"',
            )
        ),
        releases(
            Releases(
                application="notebook",
                bucket="artifacts",
                artifacts={"api": "tar.gz", "mail": "tar.gz", "worker": "tar.gz", "web": "tar.gz"},
                services=(
                    ReleasedService(
                        name="api", unit=API.unit, kind="exchange", port=3001, health="/health"
                    ),
                    ReleasedService(
                        name="mail",
                        unit=MAIL.unit,
                        kind="restart",
                        port=3005,
                        health="/health",
                        deep="/facts",
                    ),
                    ReleasedService(name="worker", unit=WORKER.unit, kind="restart"),
                ),
                clock=("notebook-api-exchange", "notebook-worker-nightly"),
                sites={"web": ("/assets/*",)},
                drain_seconds=2,
                settle_seconds=1,
            )
        ),
    ]
