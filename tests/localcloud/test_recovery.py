"""What a run that was cut off had made is neither lost nor made twice, however often it is cut."""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from localcloud import processes, recovery
from localcloud.engine.stack import ROLE, Stack
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


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.01)


# Says when it is told to end, which nobody waits so long to do.
PROVIDER = """
exec -a terraform-provider-aws_v5.100.0_x5 sh -c '
trap "touch $0/told; exit" TERM; touch $0/serves; while sleep 0.1; do :; done' "$0" >/dev/null 2>&1
"""


def test_a_provider_whose_plugin_was_killed_is_not_waited_for(tmp_path: Path) -> None:
    home = tmp_path / "home"
    # The plugin starts it and is gone: what is left has another parent.
    subprocess.run(
        ["bash", "-c", f"({PROVIDER}) &", str(tmp_path)],
        env={**os.environ, **processes.marks(home, ROLE)},
        check=True,
    )
    wait_for(tmp_path / "serves")

    recovery.end_leftovers(Paths(tmp_path, home), patience=60)

    assert processes.started_by(home) == []
    assert not (tmp_path / "told").exists()


def test_a_plugin_whose_engine_was_killed_may_finish(tmp_path: Path) -> None:
    home, begun, made = tmp_path / "home", tmp_path / "begun", tmp_path / "made"
    # A shell from its first to its last moment: a program that has just taken a process over has
    # no environment yet, by which it could be found.
    plugin = subprocess.Popen(
        ["sh", "-c", f": >{begun}; sleep 0.5; : >{made}"],
        env={**os.environ, **processes.marks(home, ROLE)},
    )
    wait_for(begun)

    recovery.end_leftovers(Paths(tmp_path, home), patience=60)

    assert made.exists()
    assert plugin.wait() == 0


def test_a_removal_that_was_killed_is_finished_before_anything_is_made_of_its_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = Paths(tmp_path, tmp_path / "home")
    for place in (paths.backend, paths.control_plane, paths.logs):
        place.mkdir(parents=True)
    paths.passphrase.touch()
    paths.lock.touch()

    class KilledError(Exception):
        pass

    def killed(_: Path) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(recovery.shutil, "rmtree", killed)
        with pytest.raises(KilledError):
            recovery.remove(paths)
    assert paths.backend.exists()

    recovery.finish_removal(paths)

    assert list(paths.home.iterdir()) == [paths.lock]
    paths.backend.mkdir()
    recovery.finish_removal(paths)
    assert paths.backend.exists()
    recovery.remove(paths)
    assert not paths.home.exists()
