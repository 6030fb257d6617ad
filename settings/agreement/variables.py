"""What services are told: references, secrets, files."""

import re
from collections.abc import Iterator, Mapping

from settings import references
from settings.agreement.fault import ApplicationCheck, Fault
from settings.application import Application, GeneratedSecret, Value
from settings.problem import shown
from settings.secret_text import is_secret

# Prefixes that bundlers bake into pages for everybody to read.
PUBLIC_PREFIXES = ("NEXT_PUBLIC_", "VITE_")
# systemd takes no variable that holds another one (src/basic/env-util.c, env_value_is_valid).
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
# How the list of sites whose pages may call is named: CORS_ORIGIN, ALLOWED_ORIGINS.
ORIGINS_NAME = re.compile(r"ORIGINS?$")


def service_can_be_told(
    key: str, variables: Mapping[str, Value], name: str, application: Application
) -> Iterator[Fault]:
    """What is wrong with a service's variables; key: of their group, in whichever file they are."""
    service = application.services[name]
    for variable, value in variables.items():
        where = f"{key}.{variable}"
        yield from _refers(where, value, application, public=False)
        if variable.startswith(PUBLIC_PREFIXES):
            yield (
                where,
                "a variable of the build",
                f"must stand in services.{name}.build.environment: it is fixed in the bundle",
            )
        elif is_secret(variable, value):
            yield (
                where,
                "written out",
                "must be a reference such as ${secrets.NAME}: no secret stands in a file",
            )
        if isinstance(value, str) and CONTROL.search(value):
            yield where, "a text with control characters", "may have line breaks and tabs only"
        if variable == "PORT" and service.port is not None and str(value) != str(service.port):
            yield where, shown(value), f"must be the port, {service.port}"


def _refers(where: str, value: Value, application: Application, *, public: bool) -> Iterator[Fault]:
    texts = list(references.references_in(value))
    if isinstance(value, str) and value.count("${") > len(texts):
        yield where, shown(value), "a reference that begins with ${ must end with }"
    for text in texts:
        reference = references.parse(text, application)
        if isinstance(reference, str):
            yield where, shown(value), reference
        elif reference.secret and public:
            yield where, shown(value), "must be public: it is built into the artifact"
        elif reference.secret and value != f"${{{text}}}":
            yield where, shown(value), "a secret must be the whole value"


def _services_can_be_told(application: Application) -> Iterator[Fault]:
    for name, service in application.services.items():
        key = f"services.{name}.environment"
        yield from service_can_be_told(key, service.environment, name, application)


def _builds_refer_to_what_is_public(application: Application) -> Iterator[Fault]:
    builds = {
        **{f"services.{name}": one.build for name, one in application.services.items()},
        **{f"sites.{name}": one.build for name, one in application.sites.items()},
    }
    for key, build in builds.items():
        for variable, value in build.environment.items():
            where = f"{key}.build.environment.{variable}"
            yield from _refers(where, value, application, public=True)
            # A key that is public may be called one: only a value gives itself away.
            if is_secret("", value):
                yield where, "written out", "must be public: it is built into the artifact"


def any_site(variable: str, value: object) -> bool:
    """Whether a variable lets pages of any site call."""
    return bool(ORIGINS_NAME.search(variable)) and isinstance(value, str) and "*" in value


def _callers_are_named(application: Application) -> Iterator[Fault]:
    for name, service in application.services.items():
        for variable, value in service.environment.items():
            if any_site(variable, value):
                yield (
                    f"services.{name}.environment.{variable}",
                    shown(value),
                    "must name the origins, as https://${hosts.NAME}: pages of any site could call",
                )


def rotating(application: Application) -> list[str]:
    """What make rotate can rotate, by its name under groundwork:rotations."""
    return [
        *(
            key
            for key, secret in application.secrets.items()
            if isinstance(secret, GeneratedSecret) and secret.rotate == "two-key"
        ),
        *(
            f"stores.{store}.{role}"
            for store, database in application.databases.items()
            for role in database.roles
        ),
    ]


def _previous_keys_have_a_variable(application: Application) -> Iterator[Fault]:
    two_keys = set(rotating(application))
    for name, service in application.services.items():
        for variable, value in service.environment.items():
            for text in references.references_in(value):
                kind, _, secret = text.partition(".")
                other = f"{variable}_PREVIOUS"
                if kind == "secrets" and secret in two_keys and other in service.environment:
                    yield (
                        f"services.{name}.environment.{other}",
                        "given",
                        f"must be left out: {secret} is two-key, and fills it",
                    )


# What the platform lays down beside the files of a service.
OURS = ("environment", "secrets.json", "ecosystem.config.json")


def _files_replace_none_of_ours(application: Application) -> Iterator[Fault]:
    for name, service in application.services.items():
        for file in service.files:
            if file in OURS:
                yield f"services.{name}.files.{file}", "given", "is the platform's own: rename it"


OF_APPLICATION: tuple[ApplicationCheck, ...] = (
    _services_can_be_told,
    _builds_refer_to_what_is_public,
    _callers_are_named,
    _previous_keys_have_a_variable,
    _files_replace_none_of_ours,
)
