"""What a machine finds on its disk at its first boot: cloud-init's seed, its name, its address."""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path

from localcloud.network import addresses

SEED = "var/lib/cloud/seed/nocloud-net"
NETWORK = "etc/systemd/network/10-host0.network"
PUBLIC_NETWORK = "etc/systemd/network/10-host0.network.d/public.conf"
# What every program on Debian trusts, and what makes it anew.
TRUSTED = "etc/ssl/certs/ca-certificates.crt"
TRUSTED_HERE = "usr/local/share/ca-certificates/groundwork.crt"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What is fixed of an instance for the boot to come."""

    instance_id: str
    machine_id: str
    hostname: str
    domain: str
    private_address: str
    vpc: IPv4Network
    public_addresses: tuple[str, ...] = ()
    public_keys: tuple[str, ...] = ()
    # As the API takes it: base64.
    user_data: str = ""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class SeedFile:
    """One file to lie on the machine's disk before it boots."""

    path: str
    contents: bytes
    mode: int = 0o644


def files(identity: Identity, public: IPv4Network) -> list[SeedFile]:
    """All files that make a copy of the image this instance."""
    meta = {
        "instance-id": identity.instance_id,
        "local-hostname": f"{identity.hostname}.{identity.domain}",
        "public-keys": list(identity.public_keys),
    }
    return [
        # JSON is YAML.
        SeedFile(f"{SEED}/meta-data", json.dumps(meta).encode(), 0o600),
        SeedFile(f"{SEED}/user-data", base64.b64decode(identity.user_data), 0o600),
        SeedFile("etc/machine-id", f"{identity.machine_id}\n".encode(), 0o444),
        SeedFile("etc/hostname", f"{identity.hostname}\n".encode()),
        SeedFile(NETWORK, network(identity, public).encode()),
        SeedFile(PUBLIC_NETWORK, public_network(identity.public_addresses).encode()),
    ]


def trust(authority: str, image: Path) -> list[SeedFile]:
    """Let the machine trust this cloud's endpoints as it trusts Amazon's."""
    every = (image / TRUSTED).read_text() + authority
    return [
        SeedFile(TRUSTED, every.encode()),
        SeedFile(TRUSTED_HERE, authority.encode()),
    ]


def network(identity: Identity, public: IPv4Network) -> str:
    """The fixed address; every place that can be reached is on the bridge, and nothing else is."""
    lines = [
        *("[Match]", "Name=host0", "", "[Network]"),
        f"Address={identity.private_address}/{identity.vpc.prefixlen}",
        *("LinkLocalAddressing=no", "IPv6AcceptRA=no", "DHCP=no", ""),
    ]
    for destination in (addresses.LINK_LOCAL, public):
        lines += ["[Route]", f"Destination={destination}", "Scope=link", ""]
    return "\n".join(lines)


def public_network(public_addresses: Iterable[str]) -> str:
    """EC2 translates at the edge of the VPC; here the machine carries the address itself."""
    return "".join(f"[Network]\nAddress={address}/32\n" for address in public_addresses)


def write(seed: Iterable[SeedFile], upper: Path) -> None:
    """Lay the files into the part of the disk that is the machine's own."""
    for file in seed:
        path = upper / file.path
        # Directories of the image keep its mode: they are all the usual one.
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        path.unlink(missing_ok=True)
        path.touch(mode=file.mode)
        path.chmod(file.mode)
        path.write_bytes(file.contents)
