"""What can never be of a resource that is there stops a preview, through the real engine."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.engine import binary, plugins, project
from localcloud.engine.stack import environment
from localcloud.paths import ROOT, Paths

PROGRAM = """
import os
import pulumi
import pulumi_command as command
from components.changes import refusing

def shrinking(before, after, there):
    was, wanted = (int(one["environment"]["SIZE"]) for one in (before, after))
    if wanted < was:
        yield f"goes from {was} to {wanted}"

command.local.Command(
    "disk",
    create="true",
    update="true",
    environment={"SIZE": os.environ["SIZE"]},
    opts=pulumi.ResourceOptions(hooks=refusing("disk", shrinking)),
)
"""

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    paths = Paths(tmp_path, tmp_path / "home")
    paths.backend.mkdir(parents=True)
    plugins.install(binary.find(print), paths, official=False, say=print)
    project.ensure_passphrase(paths)
    (tmp_path / "Pulumi.yaml").write_text(
        f"name: small\nruntime: {{name: python, options: {{virtualenv: {ROOT / '.venv'}}}}}\n"
    )
    (tmp_path / "__main__.py").write_text(PROGRAM)
    surroundings = {**environment(paths, None, journal=False), "PYTHONPATH": str(ROOT)}

    def run(*words: str, size: int = 10) -> tuple[int, str]:
        done = subprocess.run(
            ["pulumi", *words, "--non-interactive", "--stack", "t"],
            cwd=tmp_path,
            env={**surroundings, "SIZE": str(size)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    subprocess.run(
        ["pulumi", "stack", "init", "t", "--non-interactive"],
        cwd=tmp_path,
        env=surroundings,
        check=True,
    )
    return run


def test_a_preview_says_what_can_never_be_and_an_update_leaves_all_as_it_was(run: Run) -> None:
    assert run("up", "--yes", "--skip-preview")[0] == 0

    for words in (("preview",), ("up", "--yes", "--skip-preview")):
        code, said = run(*words, size=5)
        assert code != 0
        assert "goes from 10 to 5" in said

    assert run("preview", "--expect-no-changes")[0] == 0
    assert run("up", "--yes", "--skip-preview", size=20)[0] == 0
    assert run("destroy", "--yes", "--skip-preview")[0] == 0
