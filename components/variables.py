"""What the ${…} of an application's variables stand for, once its stores and secrets are made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pulumi

from components.workload import SecretReference
from settings import references
from settings.application import Application, Value
from settings.references import Reference


@dataclass(frozen=True, kw_only=True)
class StoreFacts:
    """Where a store is, and the secret that each role connects with; a cache has one, unnamed."""

    plain: Mapping[str, pulumi.Input[str]]  # host, port, name, reader_host
    secret_arns: Mapping[str, pulumi.Input[str]]  # role -> secret of {username, password, url, …}
    usernames: Mapping[str, str]
    generations: Mapping[str, str] = field(default_factory=dict[str, str])  # role -> of its secret


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that a reference can name."""

    hosts: Mapping[str, str]
    stores: Mapping[str, StoreFacts]
    buckets: Mapping[str, Mapping[str, pulumi.Input[str]]]
    secrets: Mapping[str, pulumi.Input[str]]
    generations: Mapping[str, str]  # two-key secret -> which two keys it holds
    stack: Mapping[str, str]


def resolve(
    value: Value, application: Application, facts: Facts
) -> pulumi.Input[str] | SecretReference:
    """A variable's value, or the reference by which the service fetches it."""
    if not any(references.references_in(value)):
        return _text(value)
    known = references.known_in(value, application)
    if len(known) == 1 and known[0].secret:
        return _secret(known[0], facts)
    values = [_plain(reference, facts) for reference in known]
    return pulumi.Output.all(*values).apply(_filled(str(value)))


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _filled(template: str) -> Callable[[list[str]], str]:
    """The template with each reference replaced by the value of the same position."""

    def fill(values: list[str]) -> str:
        remaining = iter(values)
        return references.PATTERN.sub(lambda _: str(next(remaining)), template)

    return fill


def _plain(reference: Reference, facts: Facts) -> pulumi.Input[str]:
    match reference.kind:
        case "hosts":
            return facts.hosts[reference.name]
        case "buckets":
            return facts.buckets[reference.name][reference.fact]
        case "stack":
            return facts.stack[reference.fact]
        case _:
            store = facts.stores[reference.name]
            if reference.fact == "username":
                return store.usernames[reference.role]
            return store.plain[reference.fact]


def _secret(reference: Reference, facts: Facts) -> SecretReference:
    if reference.kind == "secrets":
        generation = facts.generations.get(reference.name, "")
        file = reference.name.lower().replace("_", "-") if reference.fact == "file" else ""
        return SecretReference(
            arn=facts.secrets[reference.name],
            field="current" if generation else "",
            generation=generation,
            file=file,
        )
    store = facts.stores[reference.name]
    return SecretReference(
        arn=store.secret_arns[reference.role],
        field=reference.fact,
        generation=store.generations.get(reference.role, ""),
    )
