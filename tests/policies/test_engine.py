"""The pack through the real engine, on a program that has nothing to do with this project."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from localcloud.paths import ROOT
from policies.catalogue import RULES
from tests.e2e import cloud
from tests.e2e.cloud import Cloud

pytestmark = pytest.mark.e2e

PROGRAM = Path(__file__).parent / "standalone"
FIX = {rule.id: rule.fix for rule in RULES}

# What to get wrong, the rule that has to refuse it, the resource it has to name.
MISTAKES = [
    ("unencrypted", "rds-storage-encrypted", "shop"),
    ("unprotected", "rds-protected", "shop"),
    ("plain text rows", "rds-postgres-refuses-plain-text", "shop"),
    ("public files", "s3-public-access-blocked", "files"),
    ("no flow log", "ec2-vpc-flow-logs", "shop"),
    ("open ssh", "ec2-ssh-not-open-to-world", "administrators"),
    ("plain text pages", "elb-http-redirects-to-https", "http"),
    ("administrator", "iam-no-administrators", "api"),
    ("plain text secret", "ecs-no-secret-in-environment", "api"),
    ("unknown host", "command-host-key-pinned", "greeting"),
    ("untagged", "tags-are-complete", "files"),
]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Cloud]:
    """The program with the pack beside it, as a user of the pack has it."""
    project = tmp_path / "shop"
    shutil.copytree(PROGRAM, project)
    (project / "policies").symlink_to(ROOT / "policies")
    (project / ".venv").symlink_to(ROOT / ".venv")
    made = cloud.new(project, tmp_path)
    yield made
    made.run("down", "prod")


def configure(shop: Cloud, **changes: object) -> None:
    file = shop.project / "Pulumi.prod.yaml"
    content = yaml.safe_load(file.read_text())
    content["config"].update({key.replace("__", ":"): value for key, value in changes.items()})
    file.write_text(yaml.safe_dump(content))


def test_a_good_program_passes(shop: Cloud) -> None:
    said = shop.expect("preview", "prod")
    assert "blocks: " not in said
    assert "Policy pack: no findings" in said


@pytest.mark.parametrize(("mistake", "rule", "resource"), MISTAKES)
def test_a_mistake_is_refused_by_rule_resource_and_fix(
    mistake: str, rule: str, resource: str, shop: Cloud
) -> None:
    configure(shop, shop__mistake=mistake)
    done = shop.run("preview", "prod")

    assert done.returncode != 0
    refused = [line for line in done.stdout.splitlines() if line.startswith(f"blocks: {rule} ")]
    assert any(f" on {resource}" in line or f"::{resource}" in line for line in refused), refused
    assert FIX[rule].split()[0] in done.stdout
    assert "Fix: " in done.stdout


def test_a_refused_program_creates_nothing(shop: Cloud) -> None:
    configure(shop, shop__mistake="public files", shop__parts='["files"]')
    done = shop.run("up", "prod")

    assert done.returncode != 0
    assert "nothing was changed" in done.stdout
    state = shop.expect("pulumi", "stack", "export", "--stack", "prod")
    assert "aws:s3/bucket:Bucket" not in state


def test_a_plain_update_is_refused_too_and_changes_nothing(shop: Cloud) -> None:
    configure(shop, shop__parts='["files"]')
    shop.expect("up", "prod")
    # In the committed file: each run of the engine takes its configuration from there anew.
    configure(shop, shop__mistake="public files")
    pack = ("--policy-pack", str(ROOT / "policies"))
    done = shop.run("pulumi", "up", "--stack", "prod", "--yes", *pack)

    assert done.returncode != 0
    assert "s3-public-access-blocked" in done.stdout
    state = shop.expect("pulumi", "stack", "export", "--stack", "prod")
    assert "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock" in state


def test_what_the_preview_cannot_know_is_said_and_decided_by_the_update(shop: Cloud) -> None:
    configure(shop, shop__mistake="plain text files", shop__parts='["files"]')

    previewed = shop.expect("preview", "prod")
    assert "judgements wait for values that only `up` knows" in previewed

    done = shop.run("up", "prod")
    assert done.returncode != 0
    assert "s3-requires-tls" in done.stdout


def test_an_exemption_lets_one_resource_pass_and_is_printed(shop: Cloud) -> None:
    configure(
        shop,
        shop__mistake="unencrypted",
        groundwork__exemptions=[
            {
                "rule": "rds-storage-encrypted",
                "resource": "shop",
                "reason": "Public data only",
                "until": "2999-12-31",
            }
        ],
    )
    said = shop.expect("preview", "prod")
    assert "Exempt from rds-storage-encrypted until 2999-12-31: Public data only" in said


def test_an_exemption_that_has_ended_bites_again(shop: Cloud) -> None:
    configure(
        shop,
        shop__mistake="unencrypted",
        groundwork__exemptions=[
            {
                "rule": "rds-storage-encrypted",
                "resource": "shop",
                "reason": "Public data only",
                "until": "2020-12-31",
            }
        ],
    )
    done = shop.run("preview", "prod")
    assert done.returncode != 0
    assert "ended on 2020-12-31" in done.stdout
