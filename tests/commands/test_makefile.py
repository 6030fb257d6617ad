"""The targets that people type: what is left out or does not fit is said before anything starts."""

import os
import re
import subprocess

import pytest

from settings.load import ROOT


def made(*words: str) -> subprocess.CompletedProcess[str]:
    """Without the environment being looked at, and with no engine on PATH."""
    return subprocess.run(
        ["make", "-o", ".venv/.complete", *words],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (("release", "VERSION=1.4.2"), "make release needs APP="),
        (("release", "APP=notebook"), "make release needs VERSION="),
        (("publish", "FILE=x.tar.gz", "APP=notebook"), "make publish needs VERSION="),
        (("publish", "APP=notebook", "VERSION=1.4.2"), "make publish needs FILE="),
        (("rotate", "SECRET=JWT_SECRET"), "make rotate needs APP="),
        (("restore", "DUMP=20261126_020000"), "make restore needs APP="),
        (("logs", "FOLLOW=1"), "make logs needs APP="),
    ],
)
def test_a_word_that_was_left_out_is_named(words: tuple[str, ...], needed: str) -> None:
    done = made(*words, "STACK=prod")

    assert done.returncode
    assert f"error: {needed}" in done.stderr
    assert "usage:" not in done.stderr


@pytest.mark.parametrize("target", ["deploy", "drift"])
@pytest.mark.parametrize(
    ("stack", "said"),
    [
        ("local", "the local stack comes up with make up"),
        ("prdo", "there is no stack prdo: Pulumi.prdo.yaml does not exist"),
        (
            "prod",
            "pulumi is not on PATH: install the Pulumi CLI and log in (docs/guide.md, To AWS)",
        ),
    ],
)
def test_what_keeps_a_stack_from_aws_is_said(target: str, stack: str, said: str) -> None:
    done = made(target, f"STACK={stack}")

    assert done.returncode
    assert f"error: {said}" in done.stderr
    assert "not found" not in done.stderr


def test_help_has_every_target_that_is_explained_in_one_column() -> None:
    lines = made("help").stdout.splitlines()

    assert {len(re.match(r"  make \S+ +", line)[0]) for line in lines} == {len("  make ") + 14}  # type: ignore[index]
