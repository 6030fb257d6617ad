"""One of an application's parts, by the name that it bears in the whole stack."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from settings.application import Application

Shape = TypeVar("Shape", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Part(Generic[Shape]):
    """A service, a site or a database, and whose it is."""

    application: Application
    name: str
    shape: Shape

    @property
    def key(self) -> str:
        """What the stack calls it."""
        return f"{self.application.name}-{self.name}"

    @property
    def place(self) -> str:
        """What a person is told that it is."""
        return f"{self.application.name}.{self.name}"
