"""The one tree that components read: a stack and the applications on it."""

from collections.abc import Iterator

from settings.application import Application, Service
from settings.model import Model
from settings.stack import HostsPlacement, PlacedApplication, Stack


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
        for name, application in self.applications.items():
            placement = self.placed(name).placement
            if isinstance(placement, HostsPlacement):
                for service, home in placement.pools.items():
                    if home == pool:
                        yield name, service, application.services[service]


def architecture_of(instance_type: str) -> str:
    """x86_64 or arm64; AWS marks its ARM families with a g after the generation (t4g, m7gd)."""
    family = instance_type.removeprefix("db.").removeprefix("cache.").split(".")[0]
    generation = next((i for i, letter in enumerate(family) if letter.isdigit()), len(family))
    return "arm64" if family == "a1" or "g" in family[generation:] else "x86_64"
