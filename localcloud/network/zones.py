"""Route 53's zones as the resolver's names: addresses, aliases, and names for names."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from localcloud.control_plane.reconciler import Cloud

# Route 53 resolves an alias of an alias; nobody writes long chains.
LONGEST_CHAIN = 8


@dataclass(frozen=True, kw_only=True)
class Record:
    name: str
    addresses: tuple[str, ...] = ()
    points_to: str = ""


def records(cloud: Cloud) -> Iterator[Record]:
    """Every record that leads to an IPv4 address; call with the control plane's lock held."""
    for partition in cloud.regions("route53"):
        for zone in cloud.backend("route53", partition).zones.values():
            for record in zone.rrsets:
                name = _bare(record.name)
                if record.alias_target:
                    target = record.alias_target["DNSName"]
                    yield Record(name=name, points_to=_bare(target).removeprefix("dualstack."))
                elif record.type == "A":
                    yield Record(name=name, addresses=tuple(_values(record.records)))
                elif record.type == "CNAME":
                    [target] = _values(record.records)
                    yield Record(name=name, points_to=_bare(target))


def names(
    known: Iterable[Record], lookup: Callable[[str], Sequence[str]]
) -> dict[str, Sequence[str]]:
    """Name → addresses, for all that lead somewhere."""
    by_name = {record.name: record for record in known}
    found: dict[str, Sequence[str]] = {}
    for name, record in by_name.items():
        addresses: Sequence[str] = record.addresses
        for _ in range(LONGEST_CHAIN):
            if addresses or not record.points_to:
                break
            target = record.points_to
            record = by_name.get(target, Record(name=target))
            addresses = record.addresses or lookup(target)
        # The resolver's file knows no wildcards.
        if addresses and "*" not in name and "\\" not in name:
            found[name] = addresses
    return found


def _bare(name: str) -> str:
    return name.rstrip(".").lower()


def _values(given: Iterable[str | dict[str, str]]) -> list[str]:
    return [value["Value"] if isinstance(value, dict) else value for value in given]
