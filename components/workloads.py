"""What each service of an application is started with, once its stores and secrets are made."""

from dataclasses import replace

from components.variables import Facts, StoreFacts, resolve
from components.workload import SecretReference, Workload
from settings.application import Application, Service
from settings.part import Part
from settings.references import known_in
from settings.tree import Settings


def workload(settings: Settings, service: Part[Service], facts: Facts) -> Workload:
    """With its variables and secrets; what it may do is not said yet."""
    application = service.application
    values = {
        key: resolve(value, application, facts)
        for key, value in settings.environment(application.name, service.name).items()
    }
    # The settings let no secret into a build.
    built_with = {
        key: resolved
        for key, value in service.shape.build.environment.items()
        if not isinstance(resolved := resolve(value, application, facts), SecretReference)
    }
    secret = {key: one for key, one in values.items() if isinstance(one, SecretReference)}
    secret |= {
        f"{key}_PREVIOUS": replace(one, field="previous")
        for key, one in secret.items()
        if one.field == "current"
    }
    return Workload(
        application=application.name,
        service=service.name,
        shape=service.shape,
        plain={key: one for key, one in values.items() if not isinstance(one, SecretReference)},
        secret=secret,
        statements={},
        version=settings.stack.releases.get(application.name),
        built_with=built_with,
    )


def migrating(settings: Settings, application: Application, facts: Facts) -> Workload | None:
    """The service that brings its database along: whatever names a role there is the owner."""
    migration = application.migration
    if migration is None:
        return None
    store = migration.store
    owner = application.databases[store].owner
    known = facts.stores[store]
    as_owner = StoreFacts(
        plain=known.plain,
        secret_arns=dict.fromkeys(known.secret_arns, known.secret_arns[owner]),
        usernames=dict.fromkeys(known.usernames, known.usernames[owner]),
    )
    shape = application.services[migration.service]
    service = Part(application=application, name=migration.service, shape=shape)
    whole = workload(settings, service, replace(facts, stores={**facts.stores, store: as_owner}))
    # Of its secrets the database's alone.
    names = {
        variable
        for variable, value in settings.environment(application.name, service.name).items()
        for reference in known_in(value, application)
        if reference.kind == "stores" and reference.name == store
    }
    secret = {variable: one for variable, one in whole.secret.items() if variable in names}
    return replace(whole, secret=secret)
