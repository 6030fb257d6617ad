"""A stack is ready to be worked on, whatever an earlier run was killed at."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from localcloud.engine.stack import Stack
from localcloud.paths import Paths


class Locking(Stack):
    """A stack whose engine makes it, as the real one does, under a lock that it finds free."""

    def run(self, arguments: Sequence[str], *, given: str = "") -> str:
        assert arguments[:2] == ["stack", "init"]
        assert not list(locks(self, self.name).glob("*"))
        folder = self.paths.backend / ".pulumi" / "stacks" / "small"
        folder.mkdir(parents=True)
        (folder / f"{self.name}.json").write_text("{}")
        return ""


def locks(stack: Stack, name: str) -> Path:
    return stack.paths.backend / ".pulumi" / "locks" / "organization" / "small" / name


def lock(stack: Stack, name: str) -> Path:
    locks(stack, name).mkdir(parents=True, exist_ok=True)
    held = locks(stack, name) / "d881ea09.json"
    held.write_text("{}")
    return held


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
    (tmp_path / "Pulumi.local.yaml").write_text("config: {}\n")
    return Locking(Paths(tmp_path, tmp_path / "home"), "local", None)


def test_the_lock_of_a_killed_run_that_made_the_stack_does_not_keep_it_from_being_made(
    stack: Stack,
) -> None:
    lock(stack, stack.name)

    stack.prepare(own_keys=False)


def test_the_lock_of_another_stack_or_of_one_that_is_there_is_left_alone(stack: Stack) -> None:
    of_another = lock(stack, "dev")
    stack.prepare(own_keys=False)
    of_this_one = lock(stack, stack.name)

    stack.prepare(own_keys=False)

    assert of_another.exists()
    assert of_this_one.exists()
