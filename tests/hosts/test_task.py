"""A command in a task of its own: what ECS is asked, and how its end is judged."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from hosts.programs import task
from hosts.programs.database_client import RefusedError
from hosts.programs.task import Task

TASK = Task(
    region="eu-west-1",
    cluster="arn:aws:ecs:eu-west-1:1:cluster/main",
    definition="arn:aws:ecs:eu-west-1:1:task-definition/shop-migrate:7",
    family="shop-migrate",
    container="api",
    subnets=("subnet-a", "subnet-b"),
    group="sg-api",
    logs="shop-migrate-1234567",
)
ARN = "arn:aws:ecs:eu-west-1:1:task/main/0abc"


def stopped(**container: Any) -> dict[str, Any]:
    told = [{"name": "api", **container}]
    return {"tasks": [{"taskArn": ARN, "lastStatus": "STOPPED", "containers": told}]}


class Ecs:
    """Answers as ECS does: nothing runs, one begins, is on its way, and has ended."""

    def __init__(self, *ends: dict[str, Any]) -> None:
        self.asked: list[list[str]] = []
        self.listed: list[str] = []
        self.began: dict[str, Any] = {"tasks": [{"taskArn": ARN}], "failures": []}
        self.ends = list(ends)

    def ask(self, region: str, *words: str) -> str:
        assert (region, words[0], words[2:4]) == ("eu-west-1", "ecs", ("--cluster", TASK.cluster))
        self.asked.append(list(words))
        answers: dict[str, Callable[[], Any]] = {
            "list-tasks": lambda: {"taskArns": self.listed},
            "run-task": lambda: self.began,
            "describe-tasks": lambda: self.ends.pop(0),
        }
        return json.dumps(answers[words[1]]())

    def option(self, action: str, name: str) -> str:
        (words,) = (words for words in self.asked if words[1] == action)
        return words[words.index(name) + 1]


@pytest.fixture
def ecs(monkeypatch: pytest.MonkeyPatch) -> Ecs:
    pending = {"tasks": [{"taskArn": ARN, "lastStatus": "PENDING", "containers": []}]}
    made = Ecs({"tasks": []}, pending)
    monkeypatch.setattr(task, "ask", made.ask)
    monkeypatch.setattr(task, "PAUSE", 0)
    return made


def test_a_command_is_begun_once_in_the_version_s_own_definition_and_waited_for(ecs: Ecs) -> None:
    ecs.ends.append(stopped(exitCode=0))

    task.run(TASK, "node --run db:migrate", {"MIGRATION_TARGET": "005"})

    assert [words[1] for words in ecs.asked].count("run-task") == 1
    assert ecs.ends == []
    assert ecs.option("run-task", "--task-definition").endswith("shop-migrate:7")
    (container,) = json.loads(ecs.option("run-task", "--overrides"))["containerOverrides"]
    assert container == {
        "name": "api",
        "command": ["node --run db:migrate"],
        "environment": [{"name": "MIGRATION_TARGET", "value": "005"}],
    }
    network = json.loads(ecs.option("run-task", "--network-configuration"))["awsvpcConfiguration"]
    assert network["subnets"] == ["subnet-a", "subnet-b"]
    assert (network["securityGroups"], network["assignPublicIp"]) == (["sg-api"], "DISABLED")


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (stopped(exitCode=3), r"ended with status 3; see the log group shop-migrate-1234567"),
        (stopped(reason="CannotPullContainerError: no"), r"was not run: CannotPullContainerError"),
        (stopped(), r"was not run: it never began"),
    ],
    ids=["it fails", "its image cannot be had", "nothing is known"],
)
def test_the_exit_code_decides_and_without_one_it_failed(
    ecs: Ecs, end: dict[str, Any], said: str
) -> None:
    ecs.ends.append(end)

    with pytest.raises(RefusedError, match=said):
        task.run(TASK, "migrate", {})


def test_where_no_task_can_be_begun_the_reason_is_said(ecs: Ecs) -> None:
    ecs.began = {"tasks": [], "failures": [{"reason": "Capacity is unavailable at this time."}]}

    with pytest.raises(RefusedError, match="Capacity is unavailable"):
        task.run(TASK, "migrate", {})


def test_while_an_earlier_one_is_at_work_none_is_begun(ecs: Ecs) -> None:
    ecs.listed = [ARN]

    with pytest.raises(RefusedError, match=f"still at work: {ARN}"):
        task.run(TASK, "migrate", {})

    assert [words[1] for words in ecs.asked] == ["list-tasks"]


def test_one_that_does_not_end_is_named_and_not_taken_for_done(
    ecs: Ecs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "LONGEST_SECONDS", -1)

    with pytest.raises(RefusedError, match=r"has not ended .* and goes on"):
        task.run(TASK, "migrate", {})
