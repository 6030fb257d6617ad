"""What a small application cannot do without, its application file gives it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud import paths
from settings.documents import read
from tests.apps.applications import APPLICATIONS

REQUIRED = re.compile(
    r"""environment\.(?:required|signingKeys)\("(\w+)"\)
    | getRequiredProperty\("(\w+)"\)""",
    re.VERBOSE,
)
# Spring's way; in TypeScript it is a template of its own.
PLACEHOLDER = re.compile(r"\$\{([A-Z_]+)\}")
PARTS = [
    (application.name, part) for application in APPLICATIONS.values() for part in application.parts
]


def required(folder: Path) -> Iterator[str]:
    """Names that the part's own sources ask for, without anything in their place."""
    for path in folder.rglob("*"):
        built = {"node_modules", "dist", "target", "shared", ".next"} & set(path.parts)
        if path.suffix in (".ts", ".java", ".yml") and not built:
            for pattern in (REQUIRED,) if path.suffix == ".ts" else (REQUIRED, PLACEHOLDER):
                for match in pattern.finditer(path.read_text()):
                    yield next(name for name in match.groups() if name)


def told(application: str) -> Any:
    file = f"apps/{application}.yaml"
    found = read(paths.ROOT / file, file)
    assert isinstance(found, dict), found
    return found


@pytest.mark.parametrize(("application", "part"), PARTS)
def test_every_variable_that_a_part_needs_is_given(application: str, part: str) -> None:
    wanted = set(required(APPLICATIONS[application].folder / part))
    given = told(application)["services"].get(part, {}).get("environment", {})

    assert wanted <= set(given)


def test_the_parts_are_those_of_the_application_file() -> None:
    for application in APPLICATIONS.values():
        found = told(application.name)
        assert set(application.parts) == {*found.get("services", {}), *found.get("sites", {})}
        assert application.migrated_with == found["migration"]["service"]


def test_names_are_found_in_each_kind_of_source() -> None:
    found = {part: set(required(APPLICATIONS[part[0]].folder / part[1])) for part in PARTS}

    assert {"DATABASE_URL", "UPLOAD_DIR"} <= found["ai-notebook", "api"]
    assert {"DB_HOST", "TENCENT_SECRET_ID"} <= found["ai-photo", "api"]
    assert {"DB_HOST", "JWT_SECRET", "MINIO_BUCKET"} <= found["ingenio", "api"]
