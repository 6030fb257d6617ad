"""The one tree that components read: a stack and the applications on it."""

from collections.abc import Iterator
from typing import Literal

from settings import references
from settings.application import Application, Java, Service, Site, Value
from settings.model import Model
from settings.part import Part
from settings.stack import CdnEdge, HostEdge, HostsPlacement, PlacedApplication, Rotation, Stack

IMAGE_LETTERS = 12
"""Of an image's digest, enough to tell one from another."""


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

    def rotation(self, application: str, secret: str) -> Rotation:
        """Where a secret stands: NAME, or stores.STORE.ROLE."""
        return self.stack.rotations.get(application, {}).get(secret, Rotation())

    def host_name(self, application: str, host: str) -> str:
        """A public host of an application, in full."""
        label = self.applications[application].hosts[host]
        domain = self.placed(application).domain
        return domain if label == "@" else f"{label}.{domain}"

    def environment(self, application: str, part: str) -> dict[str, Value]:
        """A service's variables on this stack; a site has none, being fixed when it was built."""
        services = self.applications[application].services
        if part not in services:
            return {}
        own = self.placed(application).environment.get(part, {})
        return {**services[part].environment, **own}

    def used(self, application: str, part: str, kind: references.Kind) -> set[str]:
        """The stores, say, or the buckets that a part's variables refer to: what it may reach."""
        return {
            reference.name
            for value in self.environment(application, part).values()
            for reference in references.known_in(value, self.applications[application])
            if reference.kind == kind
        }

    def heap(self, application: str, service: str) -> str | None:
        """Of a service's Java machine on this stack; None where it is no Java."""
        runtime = self.applications[application].services[service].runtime
        if not isinstance(runtime, Java):
            return None
        return self.placed(application).heap.get(service, runtime.heap)

    @property
    def routed(self) -> Iterator[Part[Service]]:
        """Every service that is asked for from outside."""
        for application in self.applications.values():
            for name, shape in application.services.items():
                if shape.routes:
                    yield Part(application=application, name=name, shape=shape)

    @property
    def sites_on_hosts(self) -> Iterator[Part[Site]]:
        """Every site that hosts serve: none on a stack with a CDN."""
        for key, application in self.applications.items():
            for name, shape in self.hosted_sites(key).items():
                yield Part(application=application, name=name, shape=shape)

    def services_on(self, pool: str) -> Iterator[Part[Service]]:
        """Every service that runs on a pool."""
        for application, name in self._homes_on(pool):
            if name in application.services:
                shape = application.services[name]
                yield Part(application=application, name=name, shape=shape)

    def sites_on(self, pool: str) -> Iterator[Part[Site]]:
        """Every site that the hosts of a pool serve."""
        for application, name in self._homes_on(pool):
            if name in application.sites:
                yield Part(application=application, name=name, shape=application.sites[name])

    def applications_on(self, pool: str) -> list[str]:
        """The applications that have anything on a pool."""
        return list(dict.fromkeys(application.name for application, _ in self._homes_on(pool)))

    def hosted_sites(self, application: str) -> dict[str, Site]:
        """The sites of an application that hosts serve: those of a stack without a CDN."""
        placement = self.placed(application).placement
        if not isinstance(placement, HostsPlacement):
            return {}
        sites = self.applications[application].sites
        return {part: sites[part] for part in placement.pools if part in sites}

    def artifacts(self, application: str) -> dict[str, Literal["tar.gz", "jar"]]:
        """What one version of an application consists of: part → how it is packed."""
        spec = self.applications[application]
        placement = self.placed(application).placement
        packed: dict[str, Literal["tar.gz", "jar"]] = {
            service: "jar" if shape.runtime.kind == "java" else "tar.gz"
            for service, shape in spec.services.items()
            if isinstance(placement, HostsPlacement)
            # The operations instance runs its files, wherever the service is.
            or (spec.migration and spec.migration.sql and spec.migration.service == service)
        }
        for site in spec.sites:
            packed[site] = "tar.gz"
        return packed

    def migrated_version(self, application: str) -> str | None:
        """By what name a database remembers the release that it was brought to; None: by none.

        On ECS a release runs an image, which may be another one under the same version.
        """
        migration = self.applications[application].migration
        version = self.stack.releases.get(application)
        if migration is None or version is None:
            return None
        placement = self.placed(application).placement
        if isinstance(placement, HostsPlacement):
            return version
        image = placement.services[migration.service].image
        if image is None:  # built once, and never again under this version
            return version
        return f"{version}-{image.rpartition(':')[2][:IMAGE_LETTERS]}"

    def front_ports(self, pool: str) -> tuple[int, ...]:
        """Where nginx answers the load balancer on a pool's hosts: a port for each part."""
        shapes = (service.shape for service in self.services_on(pool))
        ports = (shape.front_port for shape in shapes if shape.routes)
        return (
            *(port for port in ports if port is not None),
            *(site.shape.front_port for site in self.sites_on(pool)),
        )

    def hosted_labels(self, application: str) -> tuple[str, ...]:
        """Those hosts of an application that its services and hosted sites answer for."""
        services = self.applications[application].services.values()
        hosts = [route.host for service in services for route in service.routes]
        hosts += [site.host for site in self.hosted_sites(application).values()]
        return tuple(dict.fromkeys(hosts))

    def hosted_names(self, application: str) -> tuple[str, ...]:
        """The same hosts, in full."""
        return tuple(self.host_name(application, host) for host in self.hosted_labels(application))

    @property
    def has_machines_to_configure(self) -> bool:
        """Hosts, or databases, which the operations instance makes, dumps and restores."""
        databases = any(application.databases for application in self.applications.values())
        return bool(self.stack.pools) or databases

    @property
    def sites_at_edge(self) -> bool:
        """Whether the CDN serves sites, from their buckets."""
        return isinstance(self.stack.edge, CdnEdge)

    def answers_the_world(self, pool: str) -> bool:
        """Whether a pool's host is the front door itself, where there is no load balancer."""
        return isinstance(self.stack.edge, HostEdge) and self.stack.edge.pool == pool

    def _homes_on(self, pool: str) -> Iterator[tuple[Application, str]]:
        for key, application in self.applications.items():
            placement = self.placed(key).placement
            if isinstance(placement, HostsPlacement):
                for part, home in placement.pools.items():
                    if home == pool:
                        yield application, part
