"""What the workflows promise: least rights, pinned code, forks without credentials, no overlap."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = {path.stem: path for path in sorted((ROOT / ".github/workflows").glob("*.yml"))}
PREPARE = ROOT / ".github/actions/prepare/action.yml"
MAKEFILE = (ROOT / "Makefile").read_text()
USES = re.compile(r"uses:\s*(?P<action>[^@\s]+)(?:@(?P<ref>\S+))?(?P<comment>\s+#.*)?$")

# Every right that any job has. A new one is a decision, made here in sight.
RIGHTS = {
    ("checks", "lint"): {"contents": "read"},
    ("checks", "unit"): {"contents": "read"},
    ("checks", "local-cloud"): {"contents": "read"},
    ("preview", "preview"): {"contents": "read", "id-token": "write", "pull-requests": "write"},
    ("deploy", "dev"): {"contents": "read", "id-token": "write"},
    ("deploy", "prod"): {"contents": "read", "id-token": "write"},
    ("drift", "drift"): {"contents": "read", "id-token": "write", "issues": "write"},
}


class Job(NamedTuple):
    workflow: str
    name: str
    body: dict[str, Any]

    def steps_using(self, action: str) -> list[dict[str, Any]]:
        return [step for step in self.body["steps"] if step.get("uses", "").startswith(action)]

    def commands(self) -> str:
        return "\n".join(step.get("run", "") for step in self.body["steps"])


def workflow(name: str) -> dict[str, Any]:
    loaded: dict[Any, Any] = yaml.safe_load(WORKFLOWS[name].read_text())
    # YAML 1.1 reads the bare key `on` as true.
    return {"on" if key is True else key: value for key, value in loaded.items()}


def jobs() -> Iterator[Job]:
    for name in WORKFLOWS:
        for job, body in workflow(name)["jobs"].items():
            yield Job(name, job, body)


def job(workflow_name: str, name: str) -> Job:
    return Job(workflow_name, name, workflow(workflow_name)["jobs"][name])


JOBS = [pytest.param(found, id=f"{found.workflow}-{found.name}") for found in jobs()]
FILES = [pytest.param(path, id=path.stem) for path in [*WORKFLOWS.values(), PREPARE]]


def roles(of: Job) -> set[str]:
    """The variables that name the roles a job takes, through its matrix where it has one."""
    matrix = of.body.get("strategy", {}).get("matrix", {}).get("include", [])
    named = [
        step["with"]["role-to-assume"]
        for step in of.steps_using("aws-actions/configure-aws-credentials")
    ]
    return {
        entry["role"] if role == "${{ matrix.role }}" else role
        for role in named
        for entry in (matrix or [{}])
    }


@pytest.mark.parametrize("path", FILES)
def test_every_action_is_pinned_by_its_full_digest_with_its_version_beside(path: Path) -> None:
    used = [USES.search(line) for line in path.read_text().splitlines() if "uses:" in line]
    assert used
    for use in used:
        assert use, f"{path.name}: an action in a form that this test cannot read"
        if use["action"].startswith("./"):
            continue
        assert re.fullmatch(r"[0-9a-f]{40}", use["ref"] or ""), f"{use['action']} is not pinned"
        assert re.fullmatch(r"\s+# v\d+\.\d+\.\d+", use["comment"] or ""), use["action"]


def test_an_action_is_pinned_to_one_digest_wherever_it_is_used() -> None:
    digests: dict[str, set[str]] = {}
    for path in [*WORKFLOWS.values(), PREPARE]:
        for line in path.read_text().splitlines():
            if use := USES.search(line):
                digests.setdefault(use["action"], set()).add(use["ref"] or "")
    assert {action for action, refs in digests.items() if len(refs) > 1} == set()


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_gives_no_right_to_a_job_that_does_not_ask(name: str) -> None:
    assert workflow(name)["permissions"] == {}


def test_each_job_has_the_rights_listed_here_and_no_other() -> None:
    assert {(found.workflow, found.name): found.body["permissions"] for found in jobs()} == RIGHTS


@pytest.mark.parametrize("found", JOBS)
def test_a_job_ends_by_itself_on_a_fixed_kind_of_machine(found: Job) -> None:
    assert 0 < found.body["timeout-minutes"] <= 90
    assert found.body["runs-on"] == "ubuntu-24.04"


@pytest.mark.parametrize("found", JOBS)
def test_the_checkout_leaves_no_token_on_disk(found: Job) -> None:
    checkouts = found.steps_using("actions/checkout")
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("path", FILES)
def test_no_stored_secret_and_no_lasting_key_of_aws_is_used(path: Path) -> None:
    text = path.read_text().lower()
    for forbidden in ("secrets.", "secrets[", "access-key-id", "secret_access_key", "access_key"):
        assert forbidden not in text


@pytest.mark.parametrize("found", JOBS)
def test_no_expression_is_pasted_into_a_shell(found: Job) -> None:
    assert "${{" not in found.commands()


@pytest.mark.parametrize("found", JOBS)
def test_only_jobs_with_a_token_of_their_own_ask_for_a_role(found: Job) -> None:
    asks = found.steps_using("aws-actions/configure-aws-credentials")
    assert bool(asks) == (found.body["permissions"].get("id-token") == "write")
    for step in asks:
        assert not {key for key in step["with"] if "key" in key}


def test_no_workflow_runs_foreign_code_with_the_rights_of_this_repository() -> None:
    for name in WORKFLOWS:
        assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(
            workflow(name)["on"]
        )


def test_a_fork_gets_the_local_checks_and_no_credentials() -> None:
    for found in jobs():
        if "pull_request" not in workflow(found.workflow)["on"]:
            continue
        if found.body["permissions"] == {"contents": "read"}:
            assert "if" not in found.body, "local checks run for everyone"
        else:
            assert (
                "github.event.pull_request.head.repo.full_name == github.repository"
                in found.body["if"]
            )


def test_roles_come_from_variables_and_looking_is_not_deploying() -> None:
    by_purpose = {
        name: roles(job(workflow_name, name))
        for workflow_name, name in RIGHTS
        if roles(job(workflow_name, name))
    }
    assert by_purpose == {
        "preview": {"${{ vars.AWS_PREVIEW_ROLE_DEV }}", "${{ vars.AWS_PREVIEW_ROLE_PROD }}"},
        "drift": {"${{ vars.AWS_DRIFT_ROLE_DEV }}", "${{ vars.AWS_DRIFT_ROLE_PROD }}"},
        # Of the environment: dev and prod have different values under one name.
        "dev": {"${{ vars.AWS_DEPLOY_ROLE }}"},
        "prod": {"${{ vars.AWS_DEPLOY_ROLE }}"},
    }


def test_a_pull_request_is_previewed_with_the_pack_in_one_comment_a_stack() -> None:
    preview = job("preview", "preview")
    (run,) = [step for step in preview.steps_using("pulumi/actions") if "command" in step["with"]]
    asked = run["with"]
    assert asked["command"] == "preview"
    assert asked["policyPacks"] == "policies"
    assert asked["comment-on-pr"] == "true"
    assert asked["edit-pr-comment"] == "true"
    assert [entry["stack"] for entry in preview.body["strategy"]["matrix"]["include"]] == [
        "dev",
        "prod",
    ]


def test_the_comment_of_a_failed_preview_is_the_one_that_the_next_success_edits() -> None:
    """pulumi/actions finds its comment by this heading and by its summary line."""
    (say,) = [step for step in job("preview", "preview").body["steps"] if step.get("if")]
    assert say["if"] == "failure()"
    assert r"#### :tropical_drink: \`preview\` on groundwork/$STACK" in say["run"]
    assert "<summary>Pulumi report</summary>" in say["run"]


def test_only_main_is_deployed_and_prod_only_after_dev_and_an_approval() -> None:
    dev, prod = job("deploy", "dev"), job("deploy", "prod")
    assert set(workflow("deploy")["on"]) == {"push", "workflow_dispatch"}
    assert workflow("deploy")["on"]["push"] == {"branches": ["main"]}
    assert "github.ref == 'refs/heads/main'" in dev.body["if"]
    assert prod.body["needs"] == "dev"
    assert (dev.body["environment"], prod.body["environment"]) == ("dev", "prod")


def test_no_job_but_the_two_deployments_can_change_a_stack() -> None:
    for found in jobs():
        deploys = re.findall(r"make deploy STACK=(\w+)", found.commands())
        assert deploys == ([found.name] if found.workflow == "deploy" else [])
        assert not re.search(r"pulumi (up|destroy|refresh|import)", found.commands())
        commands = {step["with"].get("command") for step in found.steps_using("pulumi/actions")}
        assert commands <= {None, "preview"}


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_two_deployments_of_a_stack_never_overlap(name: str) -> None:
    assert job("deploy", name).body["concurrency"] == {
        "group": f"deploy-{name}",
        "cancel-in-progress": False,
    }


def test_a_late_approval_cannot_take_newer_work_back() -> None:
    first = job("deploy", "prod").body["steps"][0]["run"]
    assert 'if [ "$newest" != "$GITHUB_SHA" ]' in first
    assert "exit 1" in first


def test_drift_is_looked_for_each_day_and_looking_changes_nothing() -> None:
    assert set(workflow("drift")["on"]) == {"schedule", "workflow_dispatch"}
    assert "make drift" in job("drift", "drift").commands()
    (recipe,) = re.findall(r"^drift:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert "pulumi preview" in recipe
    assert "--refresh --expect-no-changes" in recipe


def test_every_target_that_a_workflow_makes_is_in_the_makefile() -> None:
    # A file that a variable of the Makefile names is a target too.
    known = set(re.findall(r"^(?:([a-z][a-z0-9]*):|VENV := (\S+)$)", MAKEFILE, re.MULTILINE))
    targets = {name for names in known for name in names if name}
    for found in jobs():
        assert set(re.findall(r"\bmake ([\w./-]+)", found.commands())) <= targets


def test_the_pack_judges_what_is_deployed() -> None:
    (recipe,) = re.findall(r"^deploy:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert "pulumi up" in recipe
    assert "--policy-pack policies" in recipe


def test_the_versions_are_those_that_the_project_is_locked_to() -> None:
    locked = re.search(r"^pulumi==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert locked
    files = [path.read_text() for path in [*WORKFLOWS.values(), PREPARE]]
    stated = {
        version for text in files for version in re.findall(r'pulumi-version: "([^"]+)"', text)
    }
    assert stated == {locked[1]}
    for found in jobs():
        for step in found.steps_using("pulumi/actions"):
            assert "pulumi-version" in step["with"], "without it the newest CLI would be taken"


def test_zizmor_finds_nothing() -> None:
    """A second opinion on injection, unpinned code, left credentials and excessive rights."""
    run = subprocess.run(
        [Path(sys.executable).with_name("zizmor"), "--offline", "--no-progress", ".github"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
