"""The ${…} references of an application file: which there are, and what each one names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from settings.application import Application, Cache, Database

PATTERN = re.compile(r"\$\{([^}]*)\}")

DATABASE_FACTS = ("url", "host", "port", "name", "username", "password", "reader_host")
CACHE_FACTS = ("url", "host", "port", "password", "reader_host")
BUCKET_FACTS = ("name", "endpoint")
SECRET_AS = ("file",)
STACK_FACTS = ("name", "region")
SECRET_FACTS = frozenset({"url", "password"})

Kind = Literal["hosts", "stores", "buckets", "secrets", "stack"]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One ${…}: its kind, what it names, and which fact of it; a database's may name a role."""

    kind: Kind
    name: str
    fact: str = ""
    role: str = ""

    @property
    def secret(self) -> bool:
        """Its value is fetched where the service runs and never passes through here."""
        return self.kind == "secrets" or (self.kind == "stores" and self.fact in SECRET_FACTS)


def references_in(value: object) -> Iterator[str]:
    """The texts between ${ and } in a value."""
    if isinstance(value, str):
        yield from PATTERN.findall(value)


def known_in(value: object, application: Application) -> list[Reference]:
    """What a value refers to, as far as it is there."""
    parsed = (parse(text, application) for text in references_in(value))
    return [reference for reference in parsed if isinstance(reference, Reference)]


def parse(text: str, application: Application) -> Reference | str:
    """What a reference names, or a sentence that says what it could have named."""
    match text.split("."):
        case ["hosts", name]:
            return _known("hosts", name, application.hosts) or Reference(kind="hosts", name=name)
        case ["secrets", name]:
            return _known("secrets", name, application.secrets) or Reference(
                kind="secrets", name=name
            )
        case ["secrets", name, fact]:
            return (
                _known("secrets", name, application.secrets)
                or _known(f"secrets.{name}", fact, SECRET_AS)
                or Reference(kind="secrets", name=name, fact=fact)
            )
        case ["buckets", name, fact]:
            return (
                _known("buckets", name, application.buckets)
                or _known(f"buckets.{name}", fact, BUCKET_FACTS)
                or Reference(kind="buckets", name=name, fact=fact)
            )
        case ["stack", fact]:
            return _known("stack", fact, STACK_FACTS) or Reference(
                kind="stack", name="stack", fact=fact
            )
        case ["stores", name, *rest] if rest:
            return _known("stores", name, application.stores) or _store(application, name, rest)
        case _:
            return (
                "a reference is ${hosts.NAME}, ${stores.NAME.FACT}, ${buckets.NAME.FACT}, "
                "${secrets.NAME} or ${stack.FACT}"
            )


def _store(application: Application, name: str, rest: list[str]) -> Reference | str:
    store = application.stores[name]
    match store, rest:
        case Cache(), [fact]:
            return _known(f"stores.{name}", fact, CACHE_FACTS) or Reference(
                kind="stores", name=name, fact=fact
            )
        case Database(), [fact]:
            writers = [role for role, of in store.roles.items() if of.rights == "write"]
            return _known(f"stores.{name}", fact, DATABASE_FACTS) or Reference(
                kind="stores", name=name, fact=fact, role=writers[0] if writers else store.owner
            )
        case Database(), [role, fact]:
            return (
                _known(f"stores.{name}", role, store.roles)
                or _known(f"stores.{name}.{role}", fact, DATABASE_FACTS)
                or Reference(kind="stores", name=name, fact=fact, role=role)
            )
        case _:
            return f"stores.{name} takes one fact, or a role and a fact"


def _known(what: str, name: str, known: object) -> str | None:
    names = list(known) if isinstance(known, dict | tuple) else []  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] only keys are read
    if name in names:
        return None
    return f"{what} has {', '.join(map(str, names)) or 'none'}"  # pyright: ignore[reportUnknownArgumentType] keys are text
