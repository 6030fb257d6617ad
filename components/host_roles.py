"""What a host of a pool, and the operations instance, shall be: the settings as roles."""

from collections.abc import Iterable

from components.host_databases import databases
from components.host_facts import HostFacts, OperationsFacts
from components.host_proxy import HTTPS, certificates, proxy
from components.host_releases import operations_releases, pool_releases
from components.host_runtimes import Runtimes
from components.host_services import schedules, service_role
from hosts.roles.acme import acme, placeholder_certificate
from hosts.roles.baseline import Baseline, baseline
from hosts.roles.fail2ban import Fail2ban, fail2ban
from hosts.roles.host_firewall import HostFirewall, Opening, host_firewall
from hosts.roles.measurements import measurements
from hosts.roles.nginx import nginx
from hosts.roles.operations import Operations, operations
from hosts.roles.ssh_hardening import SshHardening, ssh_hardening
from hosts.steps import Role
from settings.tree import Settings

SSH = 22
HTTP = 80


def pool_roles(
    settings: Settings,
    pool: str,
    facts: HostFacts,
    load_balancer: tuple[str, ...],
    *,
    first: bool,
) -> list[Role]:
    """Everything on a host of a pool.

    load_balancer: its subnets; none: the world speaks to the host itself.
    The first host of a pool is the one that runs what the clock starts.
    """
    front = proxy(settings, pool, load_balancer)
    own = certificates(settings, pool)
    openings = [Opening(port=SSH, source=f"{facts.operations}/32")]
    openings += [
        Opening(port=port, source=subnet)
        for port in settings.front_ports(pool)
        for subnet in load_balancer
    ]
    if own:
        openings += [Opening(port=HTTP), Opening(port=HTTPS)]
    applications = settings.applications_on(pool)
    roles = [
        *_every_host(settings, applications, jump_host=False),
        measurements(),
        host_firewall(HostFirewall(openings=tuple(openings))),
        fail2ban(Fail2ban(never=(facts.operations, *load_balancer), web=bool(own))),
    ]
    if front is not None:
        roles += [
            *map(placeholder_certificate, own.values()),
            nginx(front),
            *map(acme, own.values()),
        ]
    runtimes = Runtimes.on(settings.stack, settings.stack.pools[pool].instance_type)
    for service in settings.services_on(pool):
        variables = facts.services[service.key]
        roles.append(service_role(settings, service, variables, runtimes))
        if first:
            roles += schedules(settings, service, variables, runtimes)
    return [
        *roles,
        *(pool_releases(settings, pool, name, first=first) for name in applications),
    ]


def jump_host_roles(settings: Settings, openings: tuple[str, ...]) -> list[Role]:
    """What the operations instance is before anybody goes through it."""
    return [
        *_every_host(settings, settings.applications, jump_host=True),
        host_firewall(
            HostFirewall(openings=tuple(Opening(port=SSH, source=source) for source in openings))
            if openings
            else HostFirewall(openings=(Opening(port=SSH),))
        ),
        fail2ban(Fail2ban(never=openings)),
    ]


def database_roles(settings: Settings, facts: OperationsFacts) -> list[Role]:
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
    runtimes = Runtimes.on(settings.stack, settings.stack.operations.instance_type)
    for key, application in settings.applications.items():
        roles += databases(settings, application, facts, runtimes)
        roles += operations_releases(settings, key, facts.sites.get(key, {}))
    return roles


def _every_host(settings: Settings, applications: Iterable[str], *, jump_host: bool) -> list[Role]:
    # They share a journal: it is kept for whoever wants it longest.
    days = max((settings.applications[name].logs.keep_days for name in applications), default=30)
    return [
        baseline(Baseline(time_zone=settings.stack.time_zone, keep_log_days=days)),
        ssh_hardening(
            SshHardening(
                user=settings.stack.images.user,
                authorized_keys=settings.stack.deploy_keys,
                jump_host=jump_host,
            )
        ),
    ]
