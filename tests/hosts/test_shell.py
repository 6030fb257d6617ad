"""All shell that hosts are given passes a public linter, and bash reads it to its end."""

import subprocess
import sys
from pathlib import Path

import pytest

from hosts.first_boot import user_data
from hosts.roles.acme import HOOK, Acme, acme, placeholder_certificate
from hosts.roles.baseline import POLICY
from hosts.roles.database_bootstrap import DatabaseBootstrap, database_bootstrap
from hosts.roles.operations import Operations, operations
from hosts.script import COMMAND, render
from tests.hosts import sample

ACME = Acme(name="notebook", host_names=("example.com", "www.example.com"), email="a@example.com")
DATABASE = DatabaseBootstrap(
    key="notebook-main",
    engine="postgres",
    database="notebook",
    administrator_secret_arn="arn:admin",
    owner="notebook",
    owner_secret_arn="arn:owner",
    roles=(),
)
TEXTS = {
    "a host with every role": render(sample.host()),
    "an operations instance": render(
        [operations(Operations(engines=frozenset({"postgres"}))), database_bootstrap(DATABASE)]
    ),
    "a host with certificates of its own": render([placeholder_certificate(ACME), acme(ACME)]),
    "the command": COMMAND,
    "user data": user_data("prod"),
    "user data with Session Manager": user_data("prod", session_manager_of="eu-west-1"),
    "the certificate hook": HOOK,
    "the policy of packages": POLICY,
}
SHELLCHECK = Path(sys.executable).parent / "shellcheck"


@pytest.mark.parametrize("what", TEXTS)
def test_the_linter_has_nothing_to_say(what: str) -> None:
    # SC2016: files that hosts are given hold dollars on purpose, in single quotes.
    done = subprocess.run(
        [SHELLCHECK, "--shell=bash", "--exclude=SC2016", "--format=gcc", "-"],
        input=TEXTS[what],
        text=True,
        capture_output=True,
    )

    assert done.stdout == ""


@pytest.mark.parametrize("what", TEXTS)
def test_bash_understands_it(what: str) -> None:
    done = subprocess.run(["bash", "-n"], input=TEXTS[what], text=True, capture_output=True)

    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_fetched_is_piped_into_a_shell() -> None:
    for text in TEXTS.values():
        assert "| sh\n" not in text
        assert "| bash" not in text
