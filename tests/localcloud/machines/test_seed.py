import base64
import json
from ipaddress import IPv4Network
from pathlib import Path

from localcloud.machines import seed

PUBLIC = IPv4Network("198.18.113.0/24")


def identity(**changed: object) -> seed.Identity:
    values: dict[str, object] = {
        "instance_id": "i-1",
        "machine_id": "0" * 32,
        "hostname": "ip-10-0-0-5",
        "domain": "eu-west-1.compute.internal",
        "private_address": "10.0.0.5",
        "vpc": IPv4Network("10.0.0.0/16"),
        "public_keys": ("ssh-ed25519 AAAA deploy",),
        "user_data": base64.b64encode(b"#cloud-config\n").decode(),
    }
    return seed.Identity(**{**values, **changed})  # type: ignore[arg-type]


def contents(given: seed.Identity) -> dict[str, seed.SeedFile]:
    return {file.path: file for file in seed.files(given, PUBLIC)}


def test_cloud_init_finds_the_instance_its_key_and_its_user_data() -> None:
    files = contents(identity())
    meta = json.loads(files[f"{seed.SEED}/meta-data"].contents)
    assert meta == {
        "instance-id": "i-1",
        "local-hostname": "ip-10-0-0-5.eu-west-1.compute.internal",
        "public-keys": ["ssh-ed25519 AAAA deploy"],
    }
    assert files[f"{seed.SEED}/user-data"].contents == b"#cloud-config\n"


def test_user_data_is_for_root_alone(tmp_path: Path) -> None:
    seed.write(seed.files(identity(), PUBLIC), tmp_path)
    assert (tmp_path / seed.SEED / "user-data").stat().st_mode & 0o777 == 0o600


def test_a_machine_has_its_address_and_no_way_out() -> None:
    text = seed.network(identity(), PUBLIC)
    assert "Address=10.0.0.5/16\n" in text
    assert "Gateway" not in text
    assert [line for line in text.splitlines() if line.startswith("Destination")] == [
        "Destination=169.254.0.0/16",
        "Destination=198.18.113.0/24",
    ]


def test_public_addresses_are_carried_by_the_machine_itself() -> None:
    assert seed.public_network([]) == ""
    assert "Address=198.18.113.10/32" in seed.public_network(["198.18.113.10"])


def test_written_again_before_another_boot_the_files_are_the_new_ones(tmp_path: Path) -> None:
    seed.write(seed.files(identity(), PUBLIC), tmp_path)
    seed.write(seed.files(identity(private_address="10.0.0.6"), PUBLIC), tmp_path)
    assert "Address=10.0.0.6/16" in (tmp_path / seed.NETWORK).read_text()


def test_a_machine_trusts_the_clouds_authority_beside_those_of_its_image(tmp_path: Path) -> None:
    bundle = tmp_path / seed.TRUSTED
    bundle.parent.mkdir(parents=True)
    bundle.write_text("PUBLIC ROOTS\n")
    files = {file.path: file.contents for file in seed.trust("OURS\n", tmp_path)}
    assert files[seed.TRUSTED] == b"PUBLIC ROOTS\nOURS\n"
    assert files[seed.TRUSTED_HERE] == b"OURS\n"
