"""A command in a task of its own on Fargate: begun once, waited for, judged by how it ends.

RunTask, DescribeTasks and ListTasks of the Amazon ECS API reference.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hosts.programs.aws_cli import ask
from hosts.programs.database_client import RefusedError

# A task is started within a minute or two, and then works for as long as its command does.
LONGEST_SECONDS = 1700
PAUSE = 5.0


@dataclass(frozen=True)
class Task:
    """Where a command runs."""

    region: str
    cluster: str
    """ARN."""
    definition: str
    """ARN, with its revision: the image of exactly one version."""
    family: str
    container: str
    subnets: tuple[str, ...]
    group: str
    logs: str
    """Log group that a person looks into."""

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Task:
        rest = {name: value for name, value in told.items() if name != "subnets"}
        return cls(subnets=tuple(told["subnets"]), **rest)


def run(task: Task, command: str, variables: Mapping[str, str]) -> None:
    """RefusedError where it does not end with status 0; then nothing runs, or it says what does."""
    refuse_another(task)
    overrides = {
        "containerOverrides": [
            {
                "name": task.container,
                "command": [command],
                "environment": [{"name": k, "value": v} for k, v in sorted(variables.items())],
            }
        ]
    }
    network = {
        "awsvpcConfiguration": {
            "subnets": list(task.subnets),
            "securityGroups": [task.group],
            "assignPublicIp": "DISABLED",
        }
    }
    answer = ecs(
        task,
        *("run-task", "--task-definition", task.definition, "--launch-type", "FARGATE"),
        *("--count", "1", "--started-by", "groundwork"),
        *("--network-configuration", json.dumps(network), "--overrides", json.dumps(overrides)),
    )
    if answer.get("failures") or not answer["tasks"]:
        reasons = ", ".join(one.get("reason", "unknown") for one in answer.get("failures", []))
        raise RefusedError(f"no task for `{command}` could be started: {reasons or 'no answer'}")
    arn = answer["tasks"][0]["taskArn"]
    print(f"task {arn.rpartition('/')[2]} of {task.family}: {command}", flush=True)
    judge(task, command, ended(task, arn))


def refuse_another(task: Task) -> None:
    """One whose starter died goes on without the lock in the database that he held."""
    there = ecs(task, "list-tasks", "--family", task.family, "--desired-status", "RUNNING")
    if there["taskArns"]:
        raise RefusedError(
            f"a task of {task.family} is still at work: {there['taskArns'][0]}. Wait for its end, "
            f"or stop it; see the log group {task.logs}"
        )


def ended(task: Task, arn: str) -> dict[str, Any]:
    deadline = time.monotonic() + LONGEST_SECONDS
    while True:
        found = ecs(task, "describe-tasks", "--tasks", arn)
        # Of one that has just begun, AWS may not know everywhere yet.
        if found["tasks"] and found["tasks"][0]["lastStatus"] == "STOPPED":
            return found["tasks"][0]
        if time.monotonic() > deadline:
            raise RefusedError(
                f"{arn} has not ended after {LONGEST_SECONDS} s, and goes on: see the log group "
                f"{task.logs}"
            )
        time.sleep(PAUSE)


def judge(task: Task, command: str, done: dict[str, Any]) -> None:
    (container,) = [one for one in done["containers"] if one["name"] == task.container]
    status = container.get("exitCode")
    if status == 0:
        return
    if status is None:
        why = container.get("reason") or done.get("stoppedReason") or "it never began"
        raise RefusedError(f"`{command}` was not run: {why}")
    raise RefusedError(
        f"`{command}` ended with status {status}; see the log group {task.logs}, stream "
        f"{task.container}/{task.container}/{done['taskArn'].rpartition('/')[2]}"
    )


def ecs(task: Task, *words: str) -> dict[str, Any]:
    action, *options = words
    return json.loads(
        ask(task.region, "ecs", action, "--cluster", task.cluster, *options, "--output", "json")
    )
