"""Where the image of each service on ECS comes from, looked for before anything is made."""

from collections.abc import Iterator
from pathlib import Path

from settings.application import ImageBuild
from settings.problem import Problem, shown
from settings.stack import EcsPlacement
from settings.tree import Settings


def problems(settings: Settings, root: Path) -> Iterator[Problem]:
    """`root`: the project's folder, which the paths of application files are relative to."""
    for name, application in settings.applications.items():
        placement = settings.placed(name).placement
        if not isinstance(placement, EcsPlacement):
            continue
        migration, version = application.migration, settings.stack.releases.get(name)
        for service in application.services.keys() & placement.services.keys():
            size = placement.services[service]
            key = f"groundwork:applications.{name}.placement.services.{service}"
            file = f"Pulumi.{settings.name}.yaml"
            if size.build and size.image:
                allowed = "must be absent beside build: one of the two says what runs"
                yield Problem(file=file, key=f"{key}.image", value=size.image, allowed=allowed)
            elif size.build:
                image = application.services[service].build.image
                if image is None:
                    allowed = (
                        f"apps/{name}.yaml must say in services.{service}.build.image which "
                        "folder and Dockerfile it is built of"
                    )
                    yield Problem(file=file, key=f"{key}.build", value="true", allowed=allowed)
                else:
                    yield from _missing(f"apps/{name}.yaml", service, image, root)
            elif migration and migration.service == service and size.image and not version:
                allowed = (
                    f"must name the version of {service}'s image: the database is brought along "
                    "to a version"
                )
                yield Problem(
                    file=file, key=f"groundwork:releases.{name}", value="missing", allowed=allowed
                )
            elif size.image is None and version:
                allowed = (
                    f"release {version} has nothing to run: give the image's digest, or build: true"
                )
                yield Problem(file=file, key=f"{key}.image", value="missing", allowed=allowed)


def _missing(file: str, service: str, image: ImageBuild, root: Path) -> Iterator[Problem]:
    key, context = f"services.{service}.build.image", root / image.context
    if not context.is_dir():
        allowed = f"there is no folder {context}"
        yield Problem(file=file, key=f"{key}.context", value=shown(image.context), allowed=allowed)
    elif not (context / image.dockerfile).is_file():
        allowed = f"there is no file {context / image.dockerfile}"
        yield Problem(
            file=file, key=f"{key}.dockerfile", value=shown(image.dockerfile), allowed=allowed
        )
