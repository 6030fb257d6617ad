"""Hosts and containers behind a load balancer that speaks HTTPS."""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from foundation import REVISION, Foundation
from network import Network
from stores import Stores

DEBIAN = "ami-0deb13a0000000001"
PUBLIC_KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtAhWUyHLYz+8CEFPwCDzdGlR2A5ZNtuQhfEwOTdA1Y kinds"
)


@dataclass(frozen=True)
class Front:
    balancer: aws.lb.LoadBalancer
    https: aws.lb.Listener
    targets: aws.lb.TargetGroup
    zone: aws.route53.Zone
    cluster: aws.ecs.Cluster
    service: aws.ecs.Service


def make(base: Foundation, net: Network, kept: Stores) -> Front:
    main = base.main
    zone = aws.route53.Zone("zone", name="example.test", force_destroy=True, opts=main)
    certificate = certified("app", "app.example.test", zone, main, main)
    balancer = aws.lb.LoadBalancer(
        "web",
        load_balancer_type="application",
        internal=True,
        security_groups=[net.balancer.id],
        subnets=[subnet.id for subnet in net.private],
        access_logs={"bucket": base.logs.bucket, "enabled": True, "prefix": "web"},
        drop_invalid_header_fields=True,
        enable_deletion_protection=False,
        idle_timeout=60,
        desync_mitigation_mode="defensive",
        opts=main,
    )
    targets = aws.lb.TargetGroup(
        "hosts",
        port=8080,
        protocol="HTTP",
        vpc_id=net.vpc.id,
        target_type="instance",
        deregistration_delay=30,
        slow_start=30,
        health_check={"path": "/health", "healthy_threshold": 2, "interval": 10, "matcher": "200"},
        stickiness={"type": "lb_cookie", "enabled": True, "cookie_duration": 3600},
        opts=main,
    )
    containers = aws.lb.TargetGroup(
        "tasks", port=8080, protocol="HTTP", vpc_id=net.vpc.id, target_type="ip", opts=main
    )
    aws.lb.Listener(
        "http",
        load_balancer_arn=balancer.arn,
        port=80,
        protocol="HTTP",
        default_actions=[
            {
                "type": "redirect",
                "redirect": {"port": "443", "protocol": "HTTPS", "status_code": "HTTP_301"},
            }
        ],
        opts=main,
    )
    https = aws.lb.Listener(
        "https",
        load_balancer_arn=balancer.arn,
        port=443,
        protocol="HTTPS",
        ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        certificate_arn=certificate,
        default_actions=[
            {
                "type": "fixed-response",
                "fixed_response": {
                    "content_type": "text/plain",
                    "message_body": "no such page",
                    "status_code": "404",
                },
            }
        ],
        opts=main,
    )
    second = certified("other", "other.example.test", zone, main, main)
    aws.lb.ListenerCertificate("other", listener_arn=https.arn, certificate_arn=second, opts=main)
    aws.lb.ListenerRule(
        "api",
        listener_arn=https.arn,
        priority=10,
        conditions=[
            {"path_pattern": {"values": ["/api/*"]}},
            {"host_header": {"values": ["app.example.test"]}},
        ],
        actions=[{"type": "forward", "target_group_arn": containers.arn}],
        opts=main,
    )
    aws.lb.ListenerRule(
        "web",
        listener_arn=https.arn,
        priority=20,
        conditions=[{"host_header": {"values": ["app.example.test"]}}],
        actions=[
            {
                "type": "forward",
                "forward": {
                    "target_groups": [{"arn": targets.arn, "weight": 100}],
                    "stickiness": {"enabled": True, "duration": 600},
                },
            }
        ],
        opts=main,
    )
    _hosts(base, net, targets)
    cluster, service = _containers(base, net, containers, https)
    return Front(balancer, https, targets, zone, cluster, service)


def certified(
    name: str,
    domain: str,
    zone: aws.route53.Zone,
    main: pulumi.ResourceOptions,
    where: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    certificate = aws.acm.Certificate(name, domain_name=domain, validation_method="DNS", opts=where)
    asked = certificate.domain_validation_options[0]
    record = aws.route53.Record(
        f"{name}-validation",
        zone_id=zone.zone_id,
        name=asked.resource_record_name,
        type=asked.resource_record_type,
        records=[asked.resource_record_value],
        ttl=60,
        allow_overwrite=True,
        opts=main,
    )
    return aws.acm.CertificateValidation(
        name,
        certificate_arn=certificate.arn,
        validation_record_fqdns=[record.fqdn],
        opts=where,
    ).certificate_arn


def _hosts(base: Foundation, net: Network, targets: aws.lb.TargetGroup) -> None:
    main = base.main
    key = aws.ec2.KeyPair("deploy", public_key=PUBLIC_KEY, opts=main)
    host = aws.ec2.Instance(
        "web-a1",
        ami=DEBIAN,
        instance_type="t3.small" if REVISION == "one" else "t3.medium",
        subnet_id=net.private[0].id,
        vpc_security_group_ids=[net.app.id],
        iam_instance_profile=base.host_profile.name,
        key_name=key.key_name,
        user_data="#cloud-config\nhostname: web-a1\n",
        user_data_replace_on_change=False,
        metadata_options={
            "http_tokens": "required",
            "http_endpoint": "enabled",
            "http_put_response_hop_limit": 1,
            "instance_metadata_tags": "disabled",
        },
        root_block_device={
            "volume_size": 20,
            "volume_type": "gp3",
            "encrypted": True,
            "kms_key_id": base.key.arn,
            "delete_on_termination": True,
        },
        maintenance_options={"auto_recovery": "default"},
        monitoring=True,
        ebs_optimized=True,
        disable_api_termination=False,
        tags={"Name": "web-a1", "Role": "web"},
        opts=main,
    )
    aws.lb.TargetGroupAttachment(
        "web-a1", target_group_arn=targets.arn, target_id=host.id, port=8080, opts=main
    )
    template = aws.ec2.LaunchTemplate(
        "workers",
        image_id=DEBIAN,
        instance_type="t3.small",
        vpc_security_group_ids=[net.app.id],
        iam_instance_profile={"arn": base.host_profile.arn},
        metadata_options={"http_tokens": "required"},
        block_device_mappings=[
            {
                "device_name": "/dev/xvda",
                "ebs": {"volume_size": 20, "volume_type": "gp3", "encrypted": "true"},
            }
        ],
        update_default_version=True,
        opts=main,
    )
    group = aws.autoscaling.Group(
        "workers",
        min_size=0,
        max_size=3,
        desired_capacity=1,
        vpc_zone_identifiers=[subnet.id for subnet in net.private],
        launch_template={"id": template.id, "version": "$Latest"},
        tags=[{"key": "Role", "value": "worker", "propagate_at_launch": True}],
        opts=main,
    )
    aws.autoscaling.Policy(
        "workers",
        autoscaling_group_name=group.name,
        policy_type="TargetTrackingScaling",
        target_tracking_configuration={
            "predefined_metric_specification": {
                "predefined_metric_type": "ASGAverageCPUUtilization"
            },
            "target_value": 60.0,
        },
        opts=main,
    )


def _containers(
    base: Foundation, net: Network, targets: aws.lb.TargetGroup, https: aws.lb.Listener
) -> tuple[aws.ecs.Cluster, aws.ecs.Service]:
    main = base.main
    repository = aws.ecr.Repository(
        "api",
        image_tag_mutability="IMMUTABLE",
        image_scanning_configuration={"scan_on_push": True},
        encryption_configurations=[{"encryption_type": "KMS", "kms_key": base.key.arn}],
        force_delete=True,
        opts=main,
    )
    aws.ecr.LifecyclePolicy(
        "api",
        repository=repository.name,
        policy=json.dumps(
            {
                "rules": [
                    {
                        "rulePriority": 1,
                        "selection": {
                            "tagStatus": "any",
                            "countType": "imageCountMoreThan",
                            "countNumber": 20,
                        },
                        "action": {"type": "expire"},
                    }
                ]
            }
        ),
        opts=main,
    )
    logs = aws.cloudwatch.LogGroup("api", retention_in_days=30, opts=main)
    cluster = aws.ecs.Cluster(
        "containers",
        settings=[{"name": "containerInsights", "value": "enabled"}],
        configuration={
            "execute_command_configuration": {
                "logging": "OVERRIDE",
                "kms_key_id": base.key.arn,
                "log_configuration": {"cloud_watch_log_group_name": logs.name},
            }
        },
        opts=main,
    )
    aws.ecs.ClusterCapacityProviders(
        "containers",
        cluster_name=cluster.name,
        capacity_providers=["FARGATE", "FARGATE_SPOT"],
        default_capacity_provider_strategies=[
            {"capacity_provider": "FARGATE", "weight": 1, "base": 1}
        ],
        opts=main,
    )
    task = aws.ecs.TaskDefinition(
        "api",
        family="api",
        cpu="256",
        memory="512",
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        execution_role_arn=base.task_role.arn,
        task_role_arn=base.task_role.arn,
        runtime_platform={"cpu_architecture": "X86_64", "operating_system_family": "LINUX"},
        volumes=[{"name": "scratch"}],
        container_definitions=pulumi.Output.json_dumps(
            [
                {
                    "name": "api",
                    "image": pulumi.Output.format(
                        "{0}@sha256:{1}", repository.repository_url, "a" * 64
                    ),
                    "essential": True,
                    "readonlyRootFilesystem": True,
                    "portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
                    "environment": [{"name": "BUCKET", "value": base.data.bucket}],
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {
                            "awslogs-group": logs.name,
                            "awslogs-region": "eu-west-1",
                            "awslogs-stream-prefix": "api",
                        },
                    },
                }
            ]
        ),
        opts=main,
    )
    service = aws.ecs.Service(
        "api",
        cluster=cluster.arn,
        task_definition=task.arn,
        desired_count=2,
        capacity_provider_strategies=[{"capacity_provider": "FARGATE", "weight": 1, "base": 1}],
        deployment_circuit_breaker={"enable": True, "rollback": True},
        deployment_minimum_healthy_percent=100,
        deployment_maximum_percent=200,
        health_check_grace_period_seconds=60,
        enable_execute_command=False,
        propagate_tags="SERVICE",
        platform_version="LATEST",
        network_configuration={
            "subnets": [subnet.id for subnet in net.private],
            "security_groups": [net.app.id],
            "assign_public_ip": False,
        },
        load_balancers=[
            {"target_group_arn": targets.arn, "container_name": "api", "container_port": 8080}
        ],
        opts=pulumi.ResourceOptions.merge(main, pulumi.ResourceOptions(depends_on=[https])),
    )
    target = aws.appautoscaling.Target(
        "api",
        min_capacity=2,
        max_capacity=6,
        resource_id=pulumi.Output.format("service/{0}/{1}", cluster.name, service.name),
        scalable_dimension="ecs:service:DesiredCount",
        service_namespace="ecs",
        opts=main,
    )
    aws.appautoscaling.Policy(
        "api",
        policy_type="TargetTrackingScaling",
        resource_id=target.resource_id,
        scalable_dimension=target.scalable_dimension,
        service_namespace=target.service_namespace,
        target_tracking_scaling_policy_configuration={
            "predefined_metric_specification": {
                "predefined_metric_type": "ECSServiceAverageCPUUtilization"
            },
            "target_value": 60,
            "scale_in_cooldown": 300,
            "scale_out_cooldown": 60,
        },
        opts=main,
    )
    return cluster, service
