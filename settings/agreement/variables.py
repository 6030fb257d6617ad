"""What services are told: references, secrets, files."""

import re
from collections.abc import Iterator

from settings import references
from settings.agreement.fault import ApplicationCheck, Fault
from settings.application import Application, GeneratedSecret
from settings.problem import shown

# Prefixes that bundlers bake into pages for everybody to read.
PUBLIC_PREFIXES = ("NEXT_PUBLIC_", "VITE_")
SECRET_NAME = re.compile(r"(SECRET|PASSWORD|PASS|TOKEN|API_KEY|PRIVATE_KEY|ACCESS_KEY)$")
# How the list of sites whose pages may call is named: CORS_ORIGIN, ALLOWED_ORIGINS.
ORIGINS_NAME = re.compile(r"ORIGINS?$")


def _values_refer_to_what_is_there(application: Application) -> Iterator[Fault]:
    running = {f"services.{name}": one.environment for name, one in application.services.items()}
    parts = {
        **{f"services.{name}": one.build for name, one in application.services.items()},
        **{f"sites.{name}": one.build for name, one in application.sites.items()},
    }
    building = {f"{key}.build": build.environment for key, build in parts.items()}
    for key, variables in [*running.items(), *building.items()]:
        for variable, value in variables.items():
            for text in references.references_in(value):
                where = f"{key}.environment.{variable}"
                reference = references.parse(text, application)
                if isinstance(reference, str):
                    yield where, shown(value), reference
                elif reference.secret and key in building:
                    yield where, shown(value), "must be public: it is built into the artifact"
                elif reference.secret and value != f"${{{text}}}":
                    yield where, shown(value), "a secret must be the whole value"


def _variables_are_where_they_work(application: Application) -> Iterator[Fault]:
    for name, service in application.services.items():
        for variable, value in service.environment.items():
            key = f"services.{name}.environment.{variable}"
            if variable.startswith(PUBLIC_PREFIXES):
                yield (
                    key,
                    "a variable of the build",
                    f"must stand in services.{name}.build.environment: it is fixed in the bundle",
                )
            elif (
                SECRET_NAME.search(variable)
                and isinstance(value, str)
                and value
                and not any(references.references_in(value))
            ):
                yield (
                    key,
                    "written out",
                    "must be a reference such as ${secrets.NAME}: no secret stands in a file",
                )


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
    _values_refer_to_what_is_there,
    _variables_are_where_they_work,
    _callers_are_named,
    _previous_keys_have_a_variable,
    _files_replace_none_of_ours,
)
