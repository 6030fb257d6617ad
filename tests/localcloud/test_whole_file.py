"""A file that a killed process was writing is the one before, not half of the new one."""

import os
import signal
from pathlib import Path

import pytest

from localcloud import whole_file


def killed_while_writing(path: Path, contents: bytes) -> None:
    """A process of our kind which is killed when half of it is on the disk."""
    child = os.fork()
    if not child:
        write, half = os.write, contents[: len(contents) // 2]

        class CutOff:
            def __init__(self, descriptor: int, _mode: str) -> None:
                self._descriptor = descriptor

            def __enter__(self) -> "CutOff":
                return self

            def __exit__(self, *_: object) -> None: ...

            def write(self, _contents: bytes) -> None:
                write(self._descriptor, half)
                os.kill(os.getpid(), signal.SIGKILL)

        os.fdopen = CutOff  # pyright: ignore[reportAttributeAccessIssue]
        whole_file.write(path, contents)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_a_writer_that_is_killed_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "state"
    whole_file.write(path, "the one before")

    killed_while_writing(path, b"the one that is cut off")

    assert path.read_text() == "the one before"
    whole_file.write(path, "the next")
    assert path.read_text() == "the next"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755])
def test_a_file_has_the_mode_that_it_was_written_with(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "deep" / "file"
    whole_file.write(path, "for some eyes", mode=mode)
    assert path.stat().st_mode & 0o777 == mode & ~umask()


def umask() -> int:
    now = os.umask(0o022)
    os.umask(now)
    return now


def test_two_who_write_at_a_time_each_write_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "state"
    children: list[int] = []
    for letter in "ab":
        child = os.fork()
        if not child:
            code = 1
            try:
                for length in range(1, 300):
                    whole_file.write(path, letter * length)
                code = 0
            finally:
                os._exit(code)
        children.append(child)

    ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]

    assert ends == [0, 0]
    assert path.read_text() in ("a" * 299, "b" * 299)
    assert list(tmp_path.iterdir()) == [path]
