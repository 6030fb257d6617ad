"""Processes anew, one host after the other, and no further than to the first that fails."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from commands import restart, seed
from commands.__main__ import main
from commands.cloud import Cloud
from commands.operations import Machine
from tests.commands.stand_in import EngineStandIn

APP = "ai-notebook"
HOSTS = {"web-a1": "web", "api-a1": "api", "api-b1": "api", "back-a1": "back"}


class Hosts:
    """What each was asked for, in turn, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.sick = ""
        self.hosts = {
            name: Machine(instance_id=f"i-{name}", address="", pool=pool)
            for name, pool in HOSTS.items()
        }

    def run(self, *words: str, host: str) -> "subprocess.CompletedProcess[str]":
        assert words[: len(seed.TURN)] == seed.TURN
        self.asked.append((host, " ".join(words[len(seed.TURN) :])))
        if host == self.sick:
            return subprocess.CompletedProcess(words, 1, "", "stays out of rotation\n")
        return subprocess.CompletedProcess(words, 0, f"changed: {APP} restarted\n", "")


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Hosts:
    made = Hosts()

    @contextmanager
    def way_to(stack: object) -> Generator[Hosts]:
        yield made

    monkeypatch.setattr(restart, "way_to", way_to)
    return made


def test_hosts_of_an_application_restart_one_after_the_other(
    hosts: Hosts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["restart", "local", APP]) == 0

    assert hosts.asked == [(host, f"restart {APP}") for host in ("api-a1", "api-b1", "web-a1")]
    assert "api-b1: ai-notebook restarted" in capsys.readouterr().out


def test_one_service_can_be_chosen(hosts: Hosts) -> None:
    assert main(["restart", "local", APP, "--service", "worker"]) == 0

    assert {words for _, words in hosts.asked} == {f"restart {APP} --service worker"}


def test_after_a_host_that_does_not_become_healthy_none_is_touched(
    hosts: Hosts, capsys: pytest.CaptureFixture[str]
) -> None:
    hosts.sick = "api-b1"

    assert main(["restart", "local", APP]) == 1

    assert [host for host, _ in hosts.asked] == ["api-a1", "api-b1"]
    said = capsys.readouterr().err
    assert "api-b1: stays out of rotation" in said
    assert "hosts after it have not been touched" in said


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("shop",), "local has no application shop"),
        ((APP, "--service", "mail"), "ai-notebook has no service mail"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    hosts: Hosts, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    assert main(["restart", "local", *words]) == 1
    assert why in capsys.readouterr().err
    assert hosts.asked == []


def test_tasks_are_replaced_by_ecs(
    engine: EngineStandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Ecs:
        asked: list[dict[str, Any]] = []  # noqa: RUF012 - of this test alone

        def update_service(self, **asked: Any) -> None:
            self.asked.append(asked)

    def service(name: str) -> dict[str, Any]:
        urn = f"urn:pulumi:dev::groundwork::aws:ecs/service:Service::{name}"
        outputs = {"cluster": "arn:cluster", "name": f"{name}-1a2b"}
        return {"urn": urn, "type": "aws:ecs/service:Service", "id": name, "outputs": outputs}

    names = ("ai-notebook-api", "ai-notebook-worker", "aixsss-api")
    engine.answer(
        "stack", "export", says={"deployment": {"resources": [service(name) for name in names]}}
    )
    monkeypatch.setattr(restart.Stack, "pools_of", lambda *_: set())
    monkeypatch.setattr(Cloud, "client", lambda *_: Ecs())

    assert main(["restart", "local", APP]) == 0

    assert Ecs.asked == [
        {"cluster": "arn:cluster", "service": f"{name}-1a2b", "forceNewDeployment": True}
        for name in ("ai-notebook-api", "ai-notebook-worker")
    ]
    assert "ai-notebook-api: ECS replaces its tasks" in capsys.readouterr().out
