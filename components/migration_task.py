"""What brings the database of an application on ECS along: a task of its own, begun by the
operations instance once a version, before any task of the version serves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi

from components.fargate_service import TaskArgs, container, task_definition
from components.permissions import Statement, list_tasks, pass_roles, run_task, watch_tasks


@dataclass(frozen=True, kw_only=True)
class MigrationTaskArgs:
    task: TaskArgs
    """Of the migrating service, with the variables and the database's secret of its owner."""
    cluster_arn: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    group_id: pulumi.Input[str]


class MigrationTask(pulumi.ComponentResource):
    """The service's image, which runs the command that it is given, and answers nobody."""

    cluster_arn: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    group_id: pulumi.Input[str]
    definition_arn: pulumi.Output[str]
    family: str
    container: str
    log_group: pulumi.Output[str]
    statements: dict[str, Statement]  # purpose -> what its starter may do

    def __init__(
        self, name: str, args: MigrationTaskArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:compute:MigrationTask", name, None, opts)
        workload = args.task.workload
        silent = workload.shape.model_copy(update={"port": None, "health": None})
        task = replace(args.task, workload=replace(workload, shape=silent))
        # Whatever the image begins with: the command is one of a shell.
        shell = {"entryPoint": ["/bin/sh", "-c"], "command": [""]}
        made = task_definition(
            name, task, lambda logs: {**container(task, logs), **shell}, parent=self
        )
        self.cluster_arn = args.cluster_arn
        self.subnet_ids = args.subnet_ids
        self.group_id = args.group_id
        self.family = name
        self.container = workload.service
        self.definition_arn = made.definition.arn
        self.log_group = made.logs.name
        self.statements = {
            "run": run_task(made.definition.arn, args.cluster_arn),
            "watch": watch_tasks(args.cluster_arn),
            "pass": pass_roles([made.starter.arn, made.worker.arn], "ecs-tasks.amazonaws.com"),
            "list": list_tasks(args.cluster_arn),
        }
        self.register_outputs({"definition_arn": self.definition_arn})
