"""The shell parts of the workflows, run for real with a recording `gh` and `make` on PATH."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
HEADING = "#### :tropical_drink: `preview` on groundwork/dev"

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="the runners have jq; we do not")


def script(workflow: str, step_name: str) -> str:
    loaded: dict[str, Any] = yaml.safe_load(
        (ROOT / f".github/workflows/{workflow}.yml").read_text()
    )
    return next(
        step["run"]
        for job in loaded["jobs"].values()
        for step in job["steps"]
        if step.get("name") == step_name
    )


class Runner:
    """A runner's shell: `gh` answers what it is told to and notes what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.output = folder / "output"
        self.output.touch()
        self.answers("gh", "")

    def answers(self, tool: str, text: str, *, code: int = 0) -> None:
        (self.folder / f"{tool}.answer").write_text(text)
        program = self.bin / tool
        program.write_text(
            "#!/bin/sh\n"
            f'for word in "$@"; do printf "%s\\0" "$word"; done >>"{self.folder}/{tool}.asked"\n'
            f'printf "\\n\\0" >>"{self.folder}/{tool}.asked"\n'
            f'cat "{self.folder}/{tool}.answer"\n'
            f"exit {code}\n"
        )
        program.chmod(0o755)

    def asked(self, tool: str) -> list[list[str]]:
        notes = self.folder / f"{tool}.asked"
        calls = notes.read_text().split("\n\0") if notes.exists() else []
        return [call.rstrip("\0").split("\0") for call in calls if call]

    def run(self, text: str, **variables: str) -> subprocess.CompletedProcess[str]:
        # The flags that GitHub gives to bash.
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
            env={
                "PATH": f"{self.bin}:{os.environ['PATH']}",
                "RUNNER_TEMP": str(self.folder),
                "GITHUB_OUTPUT": str(self.output),
                "GITHUB_REPOSITORY": "team/platform",
                "RUN": "the-run",
                "STACK": "dev",
                **variables,
            },
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_no_change_is_no_drift(runner: Runner) -> None:
    runner.answers("make", "no changes")
    assert runner.run(script("drift", "Look for drift")).returncode == 0
    assert runner.output.read_text() == "drifted=false\n"
    assert runner.asked("make") == [["drift", "STACK=dev"]]


def test_a_proposed_change_is_drift_and_no_failure_of_the_run(runner: Runner) -> None:
    runner.answers("make", "error: no changes were expected but changes were proposed", code=2)
    assert runner.run(script("drift", "Look for drift")).returncode == 0
    assert runner.output.read_text() == "drifted=true\n"


def test_being_unable_to_look_fails_the_run_and_is_not_called_drift(runner: Runner) -> None:
    runner.answers("make", "error: could not load the state", code=2)
    assert runner.run(script("drift", "Look for drift")).returncode == 2
    assert runner.output.read_text() == ""


@pytest.fixture
def drifted(runner: Runner) -> Runner:
    (runner.folder / "drift.txt").write_text("~ aws:ec2:SecurityGroup web update")
    return runner


def test_first_drift_opens_an_issue_with_what_differs(drifted: Runner) -> None:
    drifted.answers("gh", "[]")
    run = drifted.run(script("drift", "Keep one issue up to date"), DRIFTED="true")
    assert run.returncode == 0, run.stderr
    assert [call[:2] for call in drifted.asked("gh")] == [
        ["issue", "list"],
        ["label", "create"],
        ["issue", "create"],
    ]
    assert "aws:ec2:SecurityGroup web update" in (drifted.folder / "issue.md").read_text()


def test_further_drift_edits_the_open_issue_of_the_same_stack(drifted: Runner) -> None:
    issues = [{"number": 7, "title": "Drift in prod"}, {"number": 9, "title": "Drift in dev"}]
    drifted.answers("gh", json.dumps(issues))
    assert drifted.run(script("drift", "Keep one issue up to date"), DRIFTED="true").returncode == 0
    assert [call[:3] for call in drifted.asked("gh")][1:] == [["issue", "edit", "9"]]


def test_the_issue_is_closed_when_the_drift_is_gone(drifted: Runner) -> None:
    drifted.answers("gh", json.dumps([{"number": 9, "title": "Drift in dev"}]))
    run = drifted.run(script("drift", "Keep one issue up to date"), DRIFTED="false")
    assert run.returncode == 0
    assert [call[:3] for call in drifted.asked("gh")][1:] == [["issue", "close", "9"]]


def test_without_drift_and_without_an_issue_nothing_is_written(drifted: Runner) -> None:
    drifted.answers("gh", "[]")
    run = drifted.run(script("drift", "Keep one issue up to date"), DRIFTED="false")
    assert run.returncode == 0
    assert [call[:2] for call in drifted.asked("gh")] == [["issue", "list"]]


def failed_preview(runner: Runner, comments: list[dict[str, Any]]) -> list[str]:
    runner.answers("gh", json.dumps(comments))
    text = script("preview", "Say in the comment that the preview failed")
    run = runner.run(text, PULL_REQUEST="5")
    assert run.returncode == 0, run.stderr
    return runner.asked("gh")[-1]


def test_a_failed_preview_edits_the_comment_of_its_stack(runner: Runner) -> None:
    last = failed_preview(
        runner,
        [
            {"id": 1, "body": "Looks good"},
            {"id": 2, "body": HEADING.replace("dev", "prod")},
            {"id": 3, "body": f"{HEADING}\n\n<details>"},
        ],
    )
    assert "repos/team/platform/issues/comments/3" in last
    assert "PATCH" in last


def test_a_failed_first_preview_writes_the_comment_that_later_ones_edit(runner: Runner) -> None:
    last = failed_preview(runner, [])
    assert "repos/team/platform/issues/5/comments" in last
    (body,) = [word.removeprefix("body=") for word in last if word.startswith("body=")]
    assert body.startswith(f"{HEADING}\n")
    assert "<summary>Pulumi report</summary>" in body
    assert "the-run" in body


@pytest.mark.parametrize(("newest", "code"), [("abc", 0), ("def", 1)])
def test_prod_takes_the_newest_commit_of_main_only(runner: Runner, newest: str, code: int) -> None:
    runner.answers("gh", f"{newest}\n")
    text = script("deploy", "Refuse a commit that main has left behind")
    assert runner.run(text, GITHUB_SHA="abc").returncode == code
