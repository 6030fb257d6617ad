"""Where services run on Fargate: one cluster a stack."""

import pulumi
import pulumi_aws as aws


class EcsCluster(pulumi.ComponentResource):
    """Capacity on demand and spot, measured; what people type into tasks is logged."""

    arn: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        key_arn: pulumi.Input[str],
        log_days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("groundwork:compute:EcsCluster", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        sessions = aws.cloudwatch.LogGroup(
            f"{name}-sessions", retention_in_days=log_days, kms_key_id=key_arn, opts=child
        )
        cluster = aws.ecs.Cluster(
            name,
            settings=[aws.ecs.ClusterSettingArgs(name="containerInsights", value="enabled")],
            configuration=aws.ecs.ClusterConfigurationArgs(
                execute_command_configuration=(
                    aws.ecs.ClusterConfigurationExecuteCommandConfigurationArgs(
                        kms_key_id=key_arn,
                        logging="OVERRIDE",
                        log_configuration=aws.ecs.ClusterConfigurationExecuteCommandConfigurationLogConfigurationArgs(
                            cloud_watch_encryption_enabled=True,
                            cloud_watch_log_group_name=sessions.name,
                        ),
                    )
                )
            ),
            opts=child,
        )
        capacity = aws.ecs.ClusterCapacityProviders(
            name,
            cluster_name=cluster.name,
            capacity_providers=["FARGATE", "FARGATE_SPOT"],
            opts=child,
        )
        # By way of its capacity: ECS refuses a service of one that is not there yet, and keeps one
        # that a service still uses.
        self.arn = pulumi.Output.all(cluster.arn, capacity.id).apply(lambda known: known[0])
        self.name = cluster.name
        self.register_outputs({"name": self.name})
