"""A stack asks only for releases that are there, and is told before anything is made."""

from typing import Any

import pytest

from settings.problem import SettingsError
from tests.recording import Engine
from tests.stacks import alone, platform_of

RELEASE = alone("local", "threed-generator") | {"releases": {"threed-generator": "1.4.2"}}
GET_OBJECTS = "aws:s3/getObjects:getObjects"


def bucket_with(*keys: str) -> Any:
    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        prefix = asked["prefix"]
        found = [key for key in keys if key.startswith(prefix)]
        folders = {f"{prefix}{key.removeprefix(prefix).split('/')[0]}/" for key in found}
        return {"keys": found, "commonPrefixes": sorted(folders)}

    return answer


def release(version: str, *parts: str) -> list[str]:
    return [f"releases/threed-generator/{version}/{part}.tar.gz" for part in parts]


def test_a_release_that_is_there_is_taken(engine: Engine) -> None:
    engine.answers[GET_OBJECTS] = bucket_with(*release("1.4.2", "web", "api"))

    engine.build(lambda: platform_of("local", RELEASE))


@pytest.mark.parametrize(
    ("keys", "lacks"),
    [
        (release("1.4.1", "web", "api"), "api.tar.gz, releases/threed-generator/1.4.2/web.tar.gz"),
        (release("1.4.2", "web") + release("1.4.1", "web", "api"), "1.4.2/api.tar.gz;"),
    ],
)
def test_a_release_that_is_not_there_is_refused_before_anything_is_made(
    engine: Engine, keys: list[str], lacks: str
) -> None:
    engine.answers[GET_OBJECTS] = bucket_with(*keys)

    with pytest.raises(SettingsError) as caught:
        engine.build(lambda: platform_of("local", RELEASE))

    (problem,) = caught.value.problems
    assert problem.key == "groundwork:releases.threed-generator"
    assert lacks in problem.allowed
    assert "1.4.1" in problem.allowed
    assert {resource.typ for resource in engine.registered} <= {
        "groundwork:operations:Platform",
        "groundwork:operations:Providers",
        "pulumi:providers:aws",
    }
