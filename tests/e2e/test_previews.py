"""What CI shows in a pull request: the real stacks, previewed without an account."""

import pytest

from localcloud.paths import ROOT
from tests.e2e import cloud
from tests.e2e.cloud import Cloud


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    return cloud.new(ROOT, tmp_path_factory.mktemp("previews"))


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_stack_previews_with_the_policy_pack_and_no_account(stack: str, empty: Cloud) -> None:
    said = empty.expect("preview", stack)

    assert f"Stack {stack} would have" in said
    assert "Policy pack: " in said
    assert "blocks: " not in said
    assert empty.processes() == []
    assert not (empty.home / "previews" / stack).exists()


def test_a_preview_leaves_the_committed_files_alone(empty: Cloud) -> None:
    files = [*ROOT.glob("Pulumi*.yaml"), *(ROOT / "apps").glob("*.yaml")]
    before = {file: file.read_bytes() for file in files}

    empty.expect("preview", "dev")

    assert {file: file.read_bytes() for file in files} == before
