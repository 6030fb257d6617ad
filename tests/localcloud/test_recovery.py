"""What a run that was cut off had made is neither lost nor made twice, however often it is cut."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from localcloud import recovery
from localcloud.engine.stack import Stack
from localcloud.paths import Paths
from localcloud.standins.journal import Journal
from localcloud.standins.rpc import provider_pb2

BUCKET = "urn:pulumi:local::test::aws:s3/bucket:Bucket::bucket"


class Kept(Stack):
    """A stack whose engine only exports and imports, which is all that mending asks of it."""

    def run(self, arguments: Sequence[str], *, given: str = "") -> str:
        if arguments[:2] == ["stack", "export"]:
            return json.dumps({"deployment": snapshot(self)})
        assert arguments[:2] == ["stack", "import"]
        keep(self, json.loads(Path(arguments[-1]).read_text())["deployment"])
        return ""


def state_file(stack: Stack) -> Path:
    return stack.paths.backend / ".pulumi" / "stacks" / "test" / f"{stack.name}.json"


def snapshot(stack: Stack) -> dict[str, object]:
    return json.loads(state_file(stack).read_text())["checkpoint"]["latest"]


def keep(stack: Stack, deployment: dict[str, object]) -> None:
    state_file(stack).parent.mkdir(parents=True, exist_ok=True)
    state_file(stack).write_text(json.dumps({"checkpoint": {"latest": deployment}}))


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """One bucket had been begun when the run was cut off; the plugin has made it since."""
    kept = Kept(Paths(tmp_path, tmp_path / "home"), "local", None)
    begun = {"resource": {"urn": BUCKET}, "type": "creating"}
    keep(kept, {"resources": [], "pending_operations": [begun]})
    asked = provider_pb2.CreateRequest(urn=BUCKET)
    Journal(kept.paths.journal).write(asked, provider_pb2.CreateResponse(id="bucket-1"))
    return kept


def is_remembered(stack: Stack) -> bool:
    return Journal(stack.paths.journal).find(BUCKET) is not None


def test_a_run_killed_right_after_mending_loses_nothing(stack: Stack) -> None:
    assert recovery.mend(stack) is True
    assert recovery.mend(stack) is False

    assert is_remembered(stack)


def test_what_the_state_holds_needs_no_journal(stack: Stack) -> None:
    keep(stack, {"resources": [{"urn": BUCKET, "id": "bucket-1"}]})

    recovery.mend(stack)

    assert not is_remembered(stack)


def test_what_replaces_one_that_the_state_holds_is_remembered(stack: Stack) -> None:
    keep(stack, {"resources": [{"urn": BUCKET, "id": "bucket-0"}]})

    recovery.mend(stack)

    assert is_remembered(stack)
