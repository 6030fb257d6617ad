"""The host that each tool makes: what groundwork puts on every host, one site, and one service."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hosts.roles.baseline import Baseline, baseline
from hosts.roles.fail2ban import Fail2ban, fail2ban
from hosts.roles.host_firewall import HostFirewall, Opening, host_firewall
from hosts.roles.nginx import (
    Backend,
    Health,
    Nginx,
    Proxied,
    RateLimit,
    Server,
    Upstream,
    nginx,
    security_headers,
)
from hosts.roles.service import Service, service_role
from hosts.roles.ssh_hardening import SshHardening, ssh_hardening
from hosts.steps import File, Role, Step

SERVICE = Service(
    application="notebook",
    name="api",
    environment={"PORT": "3001", "LOG_LEVEL": "info"},
    memory_limit="256M",
)


@dataclass(frozen=True)
class Machine:
    name: str
    instance_id: str
    address: str
    host_key: str


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """The machines of one run, and how whoever runs the tools gets into them."""

    user: str
    key: Path
    source: str
    """Addresses that the connections come from."""
    machines: tuple[Machine, ...]

    @property
    def public_key(self) -> str:
        return self.key.with_suffix(".pub").read_text().strip()

    @property
    def roles(self) -> list[Role]:
        return roles(user=self.user, public_key=self.public_key, source=self.source)


def read(path: Path) -> Inventory:
    stored = json.loads(path.read_text())
    machines = tuple(Machine(**machine) for machine in stored.pop("machines"))
    return Inventory(**{**stored, "key": Path(stored["key"]), "machines": machines})


def roles(*, user: str, public_key: str, source: str) -> list[Role]:
    # Python's own server, so that something of ours truly runs under the hardened unit.
    unit = SERVICE.unit_file(
        start=("/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "3001"),
        directory=f"/srv/{SERVICE.application}",
        needs=(),
    )
    return [
        baseline(Baseline(time_zone="Europe/Berlin")),
        ssh_hardening(SshHardening(user=user, authorized_keys=(public_key,))),
        host_firewall(
            HostFirewall(openings=(Opening(port=22, source=source), Opening(port=13001)))
        ),
        fail2ban(Fail2ban(never=(source,), web=True)),
        nginx(
            Nginx(
                trusted_proxies=("10.0.0.0/24",),
                upstreams=(Upstream(name="notebook-api", backends=(Backend(port=3001),)),),
                servers=(
                    Server(
                        application="notebook",
                        port=13001,
                        host_names=("api.example.com",),
                        headers=security_headers(content_security_policy="default-src 'self'"),
                        health=Health(path="/health", upstream="notebook-api"),
                        locations=(
                            Proxied(
                                path="/*",
                                upstream="notebook-api",
                                limit=RateLimit(requests_per_second=10, burst=20),
                                body_limit="50M",
                            ),
                        ),
                    ),
                ),
            )
        ),
        service_role(SERVICE, unit, install=()),
    ]


def steps(wanted: list[Role]) -> Iterator[Step]:
    for role in wanted:
        yield from (*role.install, *role.configure, *role.activate)


def files(wanted: list[Role]) -> list[File]:
    """Every file that the roles write."""
    return [step for step in steps(wanted) if isinstance(step, File)]
