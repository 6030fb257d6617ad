"""A sixth application needs no code: whatever its ports, names and stores, its file is enough."""

import json
from pathlib import Path

import pulumi
import pytest
import yaml

from components.platform import Platform
from policies.testing import run_pack
from settings.load import load, supplied_secrets
from settings.problem import SettingsError
from settings.tree import Settings
from tests.apps.sixth import APPLICATION, NAME, PLACED
from tests.policies.program import as_declared, enforced
from tests.recording import Engine
from tests.settings.files import Project
from tests.stacks import DEPLOY_KEY, SUPPLIED


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The dev stack with this application beside the first one."""
    project = Project(tmp_path)
    (tmp_path / "apps" / f"{NAME}.yaml").write_text(APPLICATION)
    project.change_stack(
        {
            f"applications/{NAME}": yaml.safe_load(PLACED),
            "dns": {"kind": "own-zones"},
            "pools/hill": {"instance_type": "t4g.medium", "count": 2},
        },
        "dev",
    )
    return project


def settings_of(project: Project) -> tuple[Settings, dict[str, str]]:
    values = project.configuration("dev")
    values["groundwork:deploy_key"] = DEPLOY_KEY
    for secret in supplied_secrets("dev", values, project.root):
        values[f"groundwork:{secret.key}"] = SUPPLIED
    return load("dev", values, project.root), values


def test_it_is_built_whole_and_breaks_no_rule(project: Project) -> None:
    settings, values = settings_of(project)
    engine = Engine()

    def program() -> None:
        pulumi.runtime.set_all_config(
            values, [key for key in values if key.startswith("groundwork:secret.")]
        )
        Platform("groundwork", settings)

    engine.attach(stack="dev")
    engine.build(program)
    resources = as_declared(engine.registered)
    broken = [
        (name, violation)
        for name, verdict in run_pack(enforced("dev"), resources, preview=False).items()
        for violation in verdict.violations
    ]
    assert broken == []

    by_path = {
        rule["conditions"][1]["pathPattern"]["values"][0]: rule["actions"][0]["type"]
        for rule in engine.of("aws:lb/listenerRule:ListenerRule")
        if "observatory" in rule["conditions"][0]["hostHeader"]["values"][0]
    }
    assert by_path == {
        "/api/*": "forward",
        "/api/internal*": "fixed-response",
        "/*": "forward",
    }
    script = json.dumps(engine.named("command:remote:Command", "hill-a1").inputs["stdin"])
    for word in ("observatory-sky@.service", "observatory-plot", "9401", "lens.json", "18:30"):
        assert word in script, word


def test_what_it_shares_with_another_on_one_host_is_said(project: Project) -> None:
    project.change_stack({"applications/observatory/placement/pools/sky": "shared"}, "dev")
    project.change_application(
        {"services/sky/port": 3001, "services/sky/environment/PORT": 3001}, "observatory"
    )

    with pytest.raises(SettingsError, match=r"threed-generator\.api listens there already"):
        settings_of(project)
