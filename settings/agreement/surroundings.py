"""What a stack has around its applications: names, zones, networks, releases."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from ipaddress import IPv4Network
from zoneinfo import available_timezones

from settings.agreement.fault import Fault, StackCheck, must_be_known
from settings.agreement.variables import rotating
from settings.problem import shown
from settings.stack import Bastion, DatabaseSize, OwnZones, Route53
from settings.tree import Settings

# What a host reaches within itself: a network of the same addresses would be out of its sight.
RESERVED = {
    IPv4Network("172.17.0.0/16"): "the default bridge of container engines",
    IPv4Network("169.254.0.0/16"): "link-local addresses, the metadata service among them",
    IPv4Network("127.0.0.0/8"): "the machine itself",
}

# Of a VPC (Amazon VPC user guide, VPC CIDR blocks).
WIDEST_NETWORK = 16


def _seeds_are_asked_for(settings: Settings) -> Iterator[Fault]:
    for name, application in settings.applications.items():
        if not settings.placed(name).seed:
            continue
        key = f"applications.{name}.seed"
        if settings.stack.durable:
            yield (
                key,
                "true",
                f"must be false on a durable stack: make seed APP={name} runs it once",
            )
        elif application.migration is None or application.migration.seed is None:
            yield key, "true", f"apps/{name}.yaml has no migration.seed"


def _rotations_fit(settings: Settings) -> Iterator[Fault]:
    for name, rotations in settings.stack.rotations.items():
        yield from must_be_known(f"rotations.{name}", name, settings.applications, "applications")
        if name not in settings.applications:
            continue
        known = dict.fromkeys(rotating(settings.applications[name]))
        for secret, rotation in rotations.items():
            key = f"rotations.{name}.{secret}"
            yield from must_be_known(key, secret, known, "secrets that can be rotated")
            beside = {0, rotation.current - 1, rotation.current + 1}
            if rotation.accepted not in beside:
                yield (
                    f"{key}.accepted",
                    str(rotation.accepted),
                    f"must be {' or '.join(map(str, sorted(beside)))}: a generation next to the "
                    "current one, or 0 for none",
                )


def _names_are_apart(settings: Settings) -> Iterator[Fault]:
    taken: dict[str, str] = {}
    for name, application in settings.applications.items():
        for host in application.hosts:
            full = settings.host_name(name, host)
            if taken.get(full, name) != name:
                key = f"applications.{name}.domain"
                yield key, full, f"{taken[full]} answers for this name already"
            taken.setdefault(full, name)


def _releases_belong_to_applications(settings: Settings) -> Iterator[Fault]:
    for name in settings.stack.releases:
        yield from must_be_known(f"releases.{name}", name, settings.applications, "applications")


def _zones_exist(settings: Settings) -> Iterator[Fault]:
    zones = settings.stack.network.zones
    if len(set(zones)) != len(zones):
        yield "network.zones", shown(list(zones)), "each zone once"
    yield from _zone("operations.zone", settings.stack.operations.zone, zones)
    for name in settings.applications:
        for store, size in settings.placed(name).stores.items():
            if isinstance(size, DatabaseSize):
                key = f"applications.{name}.stores.{store}.zone"
                yield from _zone(key, size.zone, zones)
                if size.zone and size.multi_az:
                    yield key, size.zone, "must be absent where multi_az chooses the zones"


def _zone(key: str, zone: str | None, zones: tuple[str, ...]) -> Iterator[Fault]:
    if zone is not None and zone not in zones:
        yield key, zone, f"must be one of network.zones, {', '.join(zones)}"


def _outside_can_be_reached(settings: Settings) -> Iterator[Fault]:
    if settings.stack.network.nat != "none":
        return
    for name, application in settings.applications.items():
        for service, of in application.services.items():
            if of.egress:
                hosts = ", ".join(egress.host for egress in of.egress)
                yield (
                    "network.nat",
                    "none",
                    f"{name}.{service} calls {hosts}: must be single or per-zone",
                )
                return
    private = [pool for pool in settings.stack.pools if not settings.answers_the_world(pool)]
    if private:
        pools = ", ".join(sorted(private))
        yield (
            "network.nat",
            "none",
            f"hosts of {pools} install Debian's packages: must be single or per-zone",
        )


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _time_zone_exists(settings: Settings) -> Iterator[Fault]:
    """Hosts would take another for UTC, and no timer would start."""
    zone, known = settings.stack.time_zone, _zones()
    # A machine without a table of zones cannot judge.
    if known and zone not in known:
        yield "time_zone", zone, "must be in the IANA time zone database, as Asia/Shanghai"


def _domains_are_ours(settings: Settings) -> Iterator[Fault]:
    dns = settings.stack.dns
    if not isinstance(dns, Route53):
        return
    for name in settings.applications:
        domain = settings.placed(name).domain
        if not any(domain == zone or domain.endswith(f".{zone}") for zone in dns.zones):
            key = f"applications.{name}.domain"
            yield key, domain, f"must be or lie under a zone of dns.zones, {', '.join(dns.zones)}"


def _window_has_a_length(settings: Settings) -> Iterator[Fault]:
    window = settings.stack.migration_window
    if window and len(set(window.split("-"))) == 1:
        yield "migration_window", shown(window), "must begin and end at two times"


def _zones_of_our_own_are_apart(settings: Settings) -> Iterator[Fault]:
    """A registrar leads to one zone of a name, and a zone within another has to be led to by it."""
    if not isinstance(settings.stack.dns, OwnZones):
        return
    domains = {name: settings.placed(name).domain for name in settings.applications}
    for name, domain in domains.items():
        for other, above in domains.items():
            same = domain == above and list(domains).index(other) < list(domains).index(name)
            if same or domain.endswith(f".{above}"):
                yield (
                    f"applications.{name}.domain",
                    domain,
                    f"must not be or lie under {above}, whose zone is made for {other}: "
                    "with dns own-zones each has a zone; use route53",
                )
                break


def _access_is_narrow(settings: Settings) -> Iterator[Fault]:
    access = settings.stack.access
    if not isinstance(access, Bastion):
        return
    for index, cidr in enumerate(access.allowed_from):
        # Shorter prefixes than these are whole providers, not a team's addresses.
        if cidr.prefixlen < 16:
            yield (
                f"access.allowed_from.{index}",
                str(cidr),
                "must be the team's own addresses: a prefix of /16 or longer",
            )


def _regions_are_two(settings: Settings) -> Iterator[Fault]:
    if settings.stack.region == settings.stack.recovery_region:
        yield "recovery_region", settings.stack.region, "must be another region than region"


def networks_apart(settings: Settings, others: Mapping[str, str]) -> Iterator[Fault]:
    """`others`: the network of each other stack, by its file."""
    own = settings.stack.network.cidr
    if own.prefixlen < WIDEST_NETWORK:
        return  # Wider than a VPC may be, which is said of it already.
    ranges: dict[str, list[IPv4Network]] = defaultdict(list)
    for reserved, use in RESERVED.items():
        ranges[use].append(reserved)
    for file, cidr in others.items():
        try:
            ranges[f"the network of {file}"].append(IPv4Network(cidr))
        except ValueError:
            continue  # That stack's own run says so.
    for use, networks in ranges.items():
        for network in networks:
            if own.overlaps(network):
                yield "network.cidr", str(own), f"must not overlap {network}, {use}"


OF_STACK: tuple[StackCheck, ...] = (
    _seeds_are_asked_for,
    _rotations_fit,
    _names_are_apart,
    _releases_belong_to_applications,
    _zones_exist,
    _outside_can_be_reached,
    _time_zone_exists,
    _window_has_a_length,
    _domains_are_ours,
    _zones_of_our_own_are_apart,
    _access_is_narrow,
    _regions_are_two,
)
