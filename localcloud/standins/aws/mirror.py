"""Finds the Terraform AWS provider where Terraform itself looks for providers on this machine."""

import os
import platform
import re
from pathlib import Path

VERSION = "5.100.0"
# Within a mirror, below the name of the host that published it.
SOURCE = "hashicorp/aws"
# Outside Terraform's own list, but where images of build machines put a mirror.
CUSTOMARY = (Path("/opt/tf-plugins"),)


class ProviderNotFoundError(Exception):
    """Names every file looked for."""


def find_provider() -> Path:
    """The provider's executable, of exactly the version that the mapping was proved with."""
    # Releases carry a protocol suffix: terraform-provider-aws_v5.100.0_x5.
    wanted = f"*/{SOURCE}/{VERSION}/{_platform()}/terraform-provider-aws_v{VERSION}*"
    places = list(dict.fromkeys(mirrors()))
    for place in places:
        for found in sorted(place.glob(wanted)):
            if os.access(found, os.X_OK) and found.is_file():
                return found
    listed = "\n  ".join(f"{place}/{wanted}" for place in places)
    raise ProviderNotFoundError(
        f"the Terraform AWS provider {VERSION} is not on this machine. Looked for:\n  {listed}\n"
        "Put it there with `TF_PLUGIN_CACHE_DIR=DIR terraform init` in a folder whose "
        f'configuration requires hashicorp/aws = "{VERSION}", and keep TF_PLUGIN_CACHE_DIR set.'
    )


def mirrors() -> list[Path]:
    """Cache directory, mirrors of the CLI configuration, then the implied ones, in that order."""
    cache = os.environ.get("TF_PLUGIN_CACHE_DIR")
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    return [
        *([Path(cache)] if cache else []),
        *_configured(),
        Path.home() / ".terraform.d/plugins",
        Path(data) / "terraform/plugins",
        *(Path(base) / "terraform/plugins" for base in shared.split(":") if base),
        *CUSTOMARY,
    ]


def _configured() -> list[Path]:
    """plugin_cache_dir and filesystem_mirror paths of the Terraform CLI configuration."""
    chosen = os.environ.get("TF_CLI_CONFIG_FILE") or os.environ.get("TERRAFORM_CONFIG")
    file = Path(chosen) if chosen else Path.home() / ".terraformrc"
    if not file.is_file():
        return []
    text = file.read_text()
    found = re.findall(r'^\s*plugin_cache_dir\s*=\s*"([^"]+)"', text, re.M)
    for block in re.findall(r"filesystem_mirror\s*\{(.*?)\}", text, re.S):
        found += re.findall(r'^\s*path\s*=\s*"([^"]+)"', block, re.M)
    return [Path(os.path.expandvars(path)).expanduser() for path in found]


def _platform() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{platform.system().lower()}_{machine}"
