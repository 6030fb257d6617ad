"""What a host of a pool, and the operations instance, shall be: the settings as roles."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.host_databases import databases
from components.host_proxy import HTTPS, certificates, proxy
from components.host_releases import operations_releases, pool_releases
from components.host_services import schedules, service_role
from hosts.roles.acme import acme, placeholder_certificate
from hosts.roles.baseline import Baseline, baseline
from hosts.roles.fail2ban import Fail2ban, fail2ban
from hosts.roles.host_firewall import HostFirewall, Opening, host_firewall
from hosts.roles.nginx import nginx
from hosts.roles.operations import Operations, operations
from hosts.roles.ssh_hardening import SshHardening, ssh_hardening
from hosts.steps import Role
from settings.tree import Settings, architecture_of

SSH = 22
HTTP = 80


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Who may speak to a host."""

    operations: str  # address of the operations instance
    load_balancer: tuple[str, ...]  # its subnets; none: the world speaks to the host itself


def pool_roles(
    settings: Settings, pool: str, reach: Reach, facts: Mapping[str, Any], *, first: bool
) -> list[Role]:
    """Everything on a host of a pool; facts hold each workload's variables and secrets.

    The first host of a pool is the one that runs what the clock starts.
    """
    front = proxy(settings, pool, reach.load_balancer)
    own = certificates(settings, pool)
    openings = [Opening(port=SSH, source=f"{reach.operations}/32")]
    openings += [
        Opening(port=port, source=subnet)
        for port in settings.front_ports(pool)
        for subnet in reach.load_balancer
    ]
    if own:
        openings += [Opening(port=HTTP), Opening(port=HTTPS)]
    roles = [
        *_every_host(settings, jump_host=False),
        host_firewall(HostFirewall(openings=tuple(openings))),
        fail2ban(Fail2ban(never=(reach.operations, *reach.load_balancer), web=bool(own))),
    ]
    if front is not None:
        roles += [
            *map(placeholder_certificate, own.values()),
            nginx(front),
            *map(acme, own.values()),
        ]
    architecture = architecture_of(settings.stack.pools[pool].instance_type)
    for application, service, shape in settings.services_on(pool):
        roles.append(service_role(settings, application, service, shape, architecture, facts))
        if first:
            roles += schedules(settings, application, service, shape, architecture, facts)
    applications = settings.applications_on(pool)
    return [
        *roles,
        *(pool_releases(settings, pool, name, first=first) for name in applications),
    ]


def jump_host_roles(settings: Settings, openings: tuple[str, ...]) -> list[Role]:
    """What the operations instance is before anybody goes through it."""
    return [
        *_every_host(settings, jump_host=True),
        host_firewall(
            HostFirewall(openings=tuple(Opening(port=SSH, source=source) for source in openings))
            if openings
            else HostFirewall(openings=(Opening(port=SSH),))
        ),
        fail2ban(Fail2ban(never=openings)),
    ]


def database_roles(settings: Settings, facts: Mapping[str, Any]) -> list[Role]:
    """The one place from which databases are worked on, as the operations instance is it."""
    kinds = {
        database.kind
        for application in settings.applications.values()
        for database in application.databases.values()
    }
    roles: list[Role] = [
        operations(
            Operations(
                engines=frozenset(kinds),
                caches=any(one.caches for one in settings.applications.values()),
            )
        )
    ]
    architecture = architecture_of(settings.stack.operations.instance_type)
    for application in settings.applications:
        roles += databases(settings, application, architecture, facts)
        roles += operations_releases(settings, application, facts)
    return roles


def _every_host(settings: Settings, *, jump_host: bool) -> list[Role]:
    return [
        baseline(Baseline(time_zone=settings.stack.time_zone)),
        ssh_hardening(
            SshHardening(
                user=settings.stack.images.user,
                authorized_keys=settings.stack.deploy_keys,
                jump_host=jump_host,
            )
        ),
    ]
