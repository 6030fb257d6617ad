"""Every test in this folder goes through the real engine, so none runs unless asked for."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from localcloud.paths import ROOT
from tests.e2e import cloud
from tests.e2e.cloud import Cloud

HERE = Path(__file__).parent
KEPT = "GROUNDWORK_E2E_FOLDER"
ON_THE_PLATFORM = frozenset(
    f"test_{name}.py"
    for name in (
        "applications",
        "faults",
        "logs",
        "made",
        "platform",
        "releases",
        "restore",
        "rotation",
        "shapes",
        "status",
        "under_load",
    )
)
LAST = "test_down_leaves_no_process_and_no_file"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The platform's tests first, since they take the longest, and most of it is waiting; the one
    that takes it down is the last of them."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if _on_the_platform(item) and item.path.name not in ON_THE_PLATFORM:
                raise pytest.UsageError(f"{item.path.name} belongs into ON_THE_PLATFORM")
    items.sort(key=lambda item: (item.path.name not in ON_THE_PLATFORM, item.name == LAST))


def _on_the_platform(item: pytest.Item) -> bool:
    return "platform" in getattr(item, "fixturenames", ())


class CloudScheduling(LoadScopeScheduling):
    """Tests that share a cloud run one after the other, on one worker, beside the rest.

    xdist's own groups are no choice: they change the name of a test, which pytest 9 does not let
    them do.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "platform" if Path(file).name in ON_THE_PLATFORM else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> CloudScheduling:
    return CloudScheduling(config, log)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A small project with a home of its own; taken down whatever happens."""
    folder = tmp_path_factory.mktemp("small")
    shutil.copytree(HERE / "project", folder / "project")
    description = (folder / "project" / "Pulumi.yaml").read_text()
    environment = f"    virtualenv: {ROOT / '.venv'}\n"
    (folder / "project" / "Pulumi.yaml").write_text(description + environment)
    made = cloud.new(folder / "project", folder)
    yield made
    made.run("down")


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """The real program in a clone of its own, for all files up to the test that takes it down.

    GROUNDWORK_E2E_FOLDER names a folder in which it stays up from one run of the tests to the
    next, so that a single test need not wait for it.
    """
    kept = os.environ.get(KEPT)
    made = cloud.clone(Path(kept) if kept else tmp_path_factory.mktemp("platform"))
    yield made
    if not kept:
        made.run("down")


@pytest.fixture(scope="session")
def first_up(platform: Cloud) -> str:
    """What the first `up` of the platform said."""
    return platform.expect("up")
