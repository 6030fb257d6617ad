"""The provider is found where Terraform keeps it, else every file looked for is named."""

from pathlib import Path

import pytest

from localcloud.standins.aws import mirror
from localcloud.standins.aws.mirror import ProviderNotFoundError, find_provider
from localcloud.standins.aws.terraform import NotConfiguredError, emulated_endpoint


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("TF_PLUGIN_CACHE_DIR", "TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "share"))
    monkeypatch.setattr(mirror, "CUSTOMARY", ())
    monkeypatch.setattr(mirror, "_platform", lambda: "linux_amd64")
    return tmp_path


def put(directory: Path, name: str = "terraform-provider-aws_v5.100.0_x5") -> Path:
    file = directory / "providers.example" / mirror.SOURCE / mirror.VERSION / "linux_amd64" / name
    file.parent.mkdir(parents=True)
    file.touch(mode=0o755)
    return file


@pytest.mark.parametrize(
    "place", [".terraform.d/plugins", ".local/share/terraform/plugins", "share/terraform/plugins"]
)
def test_the_implied_mirrors_are_searched(home: Path, place: str) -> None:
    expected = put(home / place)

    assert find_provider() == expected


def test_the_cache_directory_comes_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(home / ".terraform.d/plugins")
    monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", str(home / "cache"))

    expected = put(home / "cache")

    assert find_provider() == expected


def test_the_mirror_of_the_configuration_is_searched(home: Path) -> None:
    (home / ".terraformrc").write_text(
        'provider_installation {\n  filesystem_mirror {\n    path    = "~/mirror"\n  }\n}\n'
    )

    expected = put(home / "mirror")

    assert find_provider() == expected


def test_another_version_is_not_taken_and_every_file_is_named(home: Path) -> None:
    put(home / ".terraform.d/plugins", "terraform-provider-aws_v5.99.1_x5")

    with pytest.raises(ProviderNotFoundError) as refused:
        find_provider()

    for place in (".terraform.d/plugins", ".local/share/terraform/plugins", "share"):
        assert f"{home / place}" in str(refused.value)
    assert "TF_PLUGIN_CACHE_DIR=DIR terraform init" in str(refused.value)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:5000", "http://localhost:1"])
def test_an_endpoint_of_this_machine_is_taken(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)

    assert emulated_endpoint() == endpoint


@pytest.mark.parametrize("endpoint", ["https://sts.amazonaws.com", "http://8.8.8.8", "nonsense"])
def test_any_other_endpoint_is_refused(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)

    with pytest.raises(NotConfiguredError, match=f"AWS_ENDPOINT_URL={endpoint} is not an address"):
        emulated_endpoint()


def test_no_endpoint_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)

    with pytest.raises(NotConfiguredError, match="AWS_ENDPOINT_URL is not set"):
        emulated_endpoint()
