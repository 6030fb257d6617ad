"""The one tree that components read: a stack and the applications on it."""

from collections.abc import Iterator

from settings.application import Application, Service, Site
from settings.model import Model
from settings.stack import CdnEdge, HostsPlacement, PlacedApplication, Stack


class Settings(Model):
    """Complete and consistent once it exists; holds the names of secrets, never their values."""

    name: str
    """Of the stack: local, dev, prod."""
    stack: Stack
    applications: dict[str, Application]
    """Those that the stack places, by name."""

    def placed(self, application: str) -> PlacedApplication:
        """How much of an application this stack has."""
        return self.stack.applications[application]

    def host_name(self, application: str, host: str) -> str:
        """A public host of an application, in full."""
        label = self.applications[application].hosts[host]
        domain = self.placed(application).domain
        return domain if label == "@" else f"{label}.{domain}"

    def services_on(self, pool: str) -> Iterator[tuple[str, str, Service]]:
        """Application, name and shape of every service that runs on a pool."""
        for name, part in self._parts_on(pool):
            services = self.applications[name].services
            if part in services:
                yield name, part, services[part]

    def sites_on(self, pool: str) -> Iterator[tuple[str, str, Site]]:
        """Application, name and shape of every site that the hosts of a pool serve."""
        for name, part in self._parts_on(pool):
            sites = self.applications[name].sites
            if part in sites:
                yield name, part, sites[part]

    def applications_on(self, pool: str) -> list[str]:
        """The applications that have anything on a pool."""
        return list(dict.fromkeys(name for name, _ in self._parts_on(pool)))

    def hosted_sites(self, application: str) -> dict[str, Site]:
        """The sites of an application that hosts serve: those of a stack without a CDN."""
        placement = self.placed(application).placement
        if not isinstance(placement, HostsPlacement):
            return {}
        sites = self.applications[application].sites
        return {part: sites[part] for part in placement.pools if part in sites}

    @property
    def sites_at_edge(self) -> bool:
        """Whether the CDN serves sites, from their buckets."""
        return isinstance(self.stack.edge, CdnEdge)

    def _parts_on(self, pool: str) -> Iterator[tuple[str, str]]:
        for name in self.applications:
            placement = self.placed(name).placement
            if isinstance(placement, HostsPlacement):
                for part, home in placement.pools.items():
                    if home == pool:
                        yield name, part


def architecture_of(instance_type: str) -> str:
    """x86_64 or arm64; AWS marks its ARM families with a g after the generation (t4g, m7gd)."""
    family = instance_type.removeprefix("db.").removeprefix("cache.").split(".")[0]
    generation = next((i for i, letter in enumerate(family) if letter.isdigit()), len(family))
    return "arm64" if family == "a1" or "g" in family[generation:] else "x86_64"
