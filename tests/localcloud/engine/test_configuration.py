"""The work copy of a stack's configuration: complete, encrypted, and never the committed file."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from localcloud.engine import configuration
from localcloud.engine.configuration import Shape, invent
from localcloud.error import LocalCloudError
from localcloud.paths import ROOT, Paths


def work_copy(paths: Paths, stack: str = "local") -> dict[str, object]:
    return yaml.safe_load((paths.work_project / f"Pulumi.{stack}.yaml").read_text())


def test_every_supplied_secret_and_the_deploy_key_are_made_up(tmp_path: Path) -> None:
    paths = Paths(ROOT, tmp_path)

    invented = configuration.write_work_copy(paths, "local", own_keys=True)

    keys = {secret.key for secret in invented}
    assert "groundwork:deploy_key" in keys
    assert "groundwork:secret.threed-generator.SMTP_PASS" in keys
    text = (paths.work_project / "Pulumi.local.yaml").read_text()
    assert not any(secret.value in text for secret in invented)
    assert not any(secret.value in repr(secret) for secret in invented)


def test_the_hosts_trust_the_key_that_was_made_up(tmp_path: Path) -> None:
    paths = Paths(ROOT, tmp_path)

    configuration.write_work_copy(paths, "local", own_keys=True)

    (public,) = work_copy(paths)["config"]["groundwork:deploy_keys"]  # type: ignore[index]
    committed = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text())["config"]
    assert public.startswith("ssh-ed25519 ")
    assert public not in committed["groundwork:deploy_keys"]


def test_a_stack_that_is_up_takes_in_a_changed_file_and_keeps_what_was_packed(
    tmp_path: Path,
) -> None:
    paths = Paths(ROOT, tmp_path)
    assert configuration.work_copies(paths) == []
    packed: dict[str, dict[str, object]] = {"node-24": {"version": "24.0.0", "sha256": {}}}
    configuration.write_work_copy(paths, "local", own_keys=True, runtimes=packed)

    assert configuration.work_copies(paths) == ["local"]
    assert configuration.packed_runtimes(paths, "local") == packed


def test_a_copy_that_a_killed_engine_left_empty_is_as_the_engine_was_given_it(
    tmp_path: Path,
) -> None:
    paths = Paths(ROOT, tmp_path)
    packed: dict[str, dict[str, object]] = {"node-24": {"version": "24.0.0", "sha256": {}}}
    invented = configuration.write_work_copy(paths, "local", own_keys=True, runtimes=packed)
    file = paths.work_project / "Pulumi.local.yaml"
    complete = work_copy(paths)
    complete["encryptionsalt"] = "v1:salt"
    complete["config"] |= {secret.key: {"secure": "encrypted"} for secret in invented}  # type: ignore[operator]
    file.write_text(yaml.safe_dump(complete))
    assert configuration.write_work_copy(paths, "local", own_keys=True, runtimes=packed) == []
    before = work_copy(paths)

    file.write_text("")

    assert configuration.packed_runtimes(paths, "local") == packed
    assert configuration.write_work_copy(paths, "local", own_keys=True, runtimes=packed) == []
    assert work_copy(paths) == before
    assert configuration.work_copies(paths) == ["local"]


def test_a_preview_keeps_the_keys_of_the_real_hosts(tmp_path: Path) -> None:
    paths = Paths(ROOT, tmp_path)

    configuration.write_work_copy(paths, "prod", own_keys=False)

    committed = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())["config"]
    copied = work_copy(paths, "prod")["config"]
    assert copied["groundwork:deploy_keys"] == committed["groundwork:deploy_keys"]  # type: ignore[index]


def test_what_was_encrypted_once_stays_and_the_rest_follows_the_committed_file(
    tmp_path: Path,
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    committed = project / "Pulumi.local.yaml"
    committed.write_text("config:\n  p:size: '1'\n  p:token: {secure: by-another-key}\n")
    paths = Paths(project, tmp_path / "home")
    (first,) = configuration.write_work_copy(paths, "local", own_keys=True)
    assert first.key == "p:token"
    copy = paths.work_project / "Pulumi.local.yaml"
    content = yaml.safe_load(copy.read_text())
    content["encryptionsalt"] = "v1:salt"
    content["config"]["p:token"] = {"secure": "v1:ours"}
    copy.write_text(yaml.safe_dump(content))
    committed.write_text(committed.read_text().replace("'1'", "'2'"))

    assert configuration.write_work_copy(paths, "local", own_keys=True) == []

    assert yaml.safe_load(copy.read_text()) == {
        "encryptionsalt": "v1:salt",
        "config": {"p:size": "2", "p:token": {"secure": "v1:ours"}},
    }
    assert copy.stat().st_mode & 0o777 == 0o600


def test_a_version_that_the_engine_would_take_for_a_number_stays_text(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.local.yaml").write_text('config:\n  p:releases: {app: "1234e56"}\n')
    paths = Paths(project, tmp_path / "home")

    configuration.write_work_copy(paths, "local", own_keys=True)

    assert '"1234e56"' in (paths.work_project / "Pulumi.local.yaml").read_text()


@pytest.mark.parametrize(
    "pattern",
    [
        r"^sk-[A-Za-z0-9]{20,}$",
        r"[0-9a-f]{64}",
        r"\d{6}",
        r"[A-Z]{4}-?[0-9]+",
        r"^[\w.-]+@example\.com$",
        r"key_.*",
        r"ab?c*d+",
    ],
)
def test_a_made_up_secret_matches_its_pattern(pattern: str) -> None:
    first, second = (invent("KEY", Shape(1, pattern)) for _ in range(2))

    assert re.fullmatch(pattern, first)
    assert re.fullmatch(pattern, second)


@given(least=st.integers(min_value=1, max_value=200))
def test_a_made_up_secret_is_long_enough(least: int) -> None:
    assert len(invent("KEY", Shape(least))) >= least
    assert len(invent("KEY", Shape(least, r"sk-[a-z]+"))) >= least


@pytest.mark.parametrize("pattern", [r"(a|b)c", r"(?=x)y", r"[^a]+"])
def test_a_pattern_that_cannot_be_met_says_how_to_supply_the_secret(pattern: str) -> None:
    with pytest.raises(LocalCloudError) as refused:
        invent("groundwork:secret.shop.TOKEN", Shape(1, pattern))

    assert "groundwork:secret.shop.TOKEN" in refused.value.what
    assert "config set --secret" in refused.value.todo
