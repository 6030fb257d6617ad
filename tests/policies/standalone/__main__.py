"""A shop in one file: its files, its data, its web server and a host.

`shop:mistake` names one thing to get wrong, so that a policy pack can be seen to refuse it.
"""

import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws
import pulumi_command as command

config = pulumi.Config("shop")
mistake = config.get("mistake") or ""
parts = json.loads(config.require("parts"))

tags = {} if mistake == "untagged" else {"owner": "shop team", "environment": "prod"}
provider = aws.Provider(
    "main", region="eu-west-1", default_tags={"tags": {**tags, "managed-by": "pulumi"}}
)
on = pulumi.ResourceOptions(provider=provider)
kept = pulumi.ResourceOptions(provider=provider, protect=mistake != "unprotected")


def document(*statements: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


TRUST = document(
    {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
)


def files() -> None:
    key = aws.kms.Key("files", description="files", enable_key_rotation=True, opts=kept)
    bucket = aws.s3.Bucket("files", opts=kept)
    if mistake != "public files":
        aws.s3.BucketPublicAccessBlock(
            "files",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=on,
        )
    aws.s3.BucketServerSideEncryptionConfiguration(
        "files",
        bucket=bucket.id,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": key.arn,
                }
            }
        ],
        opts=on,
    )
    aws.s3.BucketVersioning(
        "files", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=on
    )
    aws.s3.BucketLifecycleConfiguration(
        "files",
        bucket=bucket.id,
        rules=[
            {
                "id": "former",
                "status": "Enabled",
                "noncurrent_version_expiration": {"noncurrent_days": 30},
            }
        ],
        opts=on,
    )
    insecure = "true" if mistake == "plain text files" else "false"
    aws.s3.BucketPolicy(
        "files",
        bucket=bucket.id,
        policy=bucket.arn.apply(
            lambda arn: document(
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [arn, f"{arn}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": insecure}},
                }
            )
        ),
        opts=on,
    )


def data() -> None:
    parameters = aws.rds.ParameterGroup(
        "shop",
        family="postgres16",
        parameters=[
            {"name": "rds.force_ssl", "value": "0" if mistake == "plain text rows" else "1"}
        ],
        opts=on,
    )
    aws.rds.Instance(
        "shop",
        engine="postgres",
        engine_version="16.4",
        instance_class="db.t4g.micro",
        allocated_storage=20,
        db_name="shop",
        username="shop_owner",
        password="not-this-one",
        db_subnet_group_name="data",
        parameter_group_name=parameters.name,
        storage_encrypted=mistake != "unencrypted",
        multi_az=True,
        deletion_protection=True,
        skip_final_snapshot=False,
        final_snapshot_identifier="shop-final",
        backup_retention_period=14,
        copy_tags_to_snapshot=True,
        monitoring_interval=60,
        monitoring_role_arn="arn:aws:iam::123456789012:role/monitoring",
        enabled_cloudwatch_logs_exports=["postgresql"],
        opts=kept,
    )


def web() -> None:
    vpc = aws.ec2.Vpc("shop", cidr_block="10.80.0.0/16", opts=on)
    aws.ec2.DefaultSecurityGroup("shop", vpc_id=vpc.id, opts=on)
    if mistake != "no flow log":
        aws.ec2.FlowLog(
            "shop",
            vpc_id=vpc.id,
            traffic_type="ALL",
            log_destination_type="s3",
            log_destination="arn:aws:s3:::logs-of-another-stack",
            opts=on,
        )
    aws.ec2.VpcEndpoint("files", vpc_id=vpc.id, service_name="com.amazonaws.eu-west-1.s3", opts=on)
    group = aws.ec2.SecurityGroup("web", vpc_id=vpc.id, description="Web servers", opts=on)
    aws.vpc.SecurityGroupIngressRule(
        "administrators",
        security_group_id=group.id,
        ip_protocol="tcp",
        from_port=22,
        to_port=22,
        cidr_ipv4="0.0.0.0/0" if mistake == "open ssh" else "198.51.100.0/24",
        opts=on,
    )
    aws.lb.Listener(
        "http",
        load_balancer_arn="arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/b",
        port=80,
        protocol="HTTP",
        default_actions=[
            {"type": "fixed-response", "fixed_response": {"content_type": "text/plain"}}
            if mistake == "plain text pages"
            else {
                "type": "redirect",
                "redirect": {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"},
            }
        ],
        opts=on,
    )
    role = aws.iam.Role("api", assume_role_policy=TRUST, opts=on)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    little = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop-files/*"}
    aws.iam.RolePolicy(
        "api",
        role=role.name,
        policy=document(everything if mistake == "administrator" else little),
        opts=on,
    )
    secret = {"name": "JWT_SECRET", "value": "hunter2"}
    plain = {"name": "PORT", "value": "3000"}
    aws.ecs.TaskDefinition(
        "api",
        family="api",
        network_mode="awsvpc",
        container_definitions=json.dumps(
            [
                {
                    "name": "api",
                    "image": f"registry.example.com/api@sha256:{'0' * 64}",
                    "user": "1000",
                    "readonlyRootFilesystem": True,
                    "logConfiguration": {"logDriver": "awslogs"},
                    "environment": [secret if mistake == "plain text secret" else plain],
                }
            ]
        ),
        opts=on,
    )


def host() -> None:
    command.remote.Command(
        "greeting",
        connection=command.remote.ConnectionArgs(
            host="10.80.0.10",
            user="deploy",
            private_key="not a real one",
            host_key=None if mistake == "unknown host" else "ssh-ed25519 AAAA",
        ),
        create="echo hello",
    )


for part in parts:
    {"files": files, "data": data, "web": web, "host": host}[part]()
