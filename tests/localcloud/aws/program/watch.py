"""What tells people and keeps records: alarms, topics, rules, a dashboard and a trail."""

import json

import pulumi
import pulumi_aws as aws
from compute import Front
from foundation import Foundation, assumed_by
from network import Network
from stores import Stores


def make(base: Foundation, net: Network, front: Front, kept: Stores) -> None:
    main = base.main
    topic = aws.sns.Topic("alarms", kms_master_key_id=base.key.id, opts=main)
    aws.sns.TopicSubscription(
        "mail", topic=topic.arn, protocol="email", endpoint="ops@example.test", opts=main
    )
    aws.sns.TopicPolicy(
        "alarms",
        arn=topic.arn,
        policy=topic.arn.apply(
            lambda arn: json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "cloudwatch.amazonaws.com"},
                            "Action": "sns:Publish",
                            "Resource": arn,
                        }
                    ],
                }
            )
        ),
        opts=main,
    )
    aws.cloudwatch.MetricAlarm(
        "errors",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        metric_name="HTTPCode_ELB_5XX_Count",
        namespace="AWS/ApplicationELB",
        period=60,
        statistic="Sum",
        threshold=10,
        treat_missing_data="notBreaching",
        dimensions={"LoadBalancer": front.balancer.arn_suffix},
        alarm_actions=[topic.arn],
        ok_actions=[topic.arn],
        opts=main,
    )
    aws.cloudwatch.MetricAlarm(
        "error-rate",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=5,
        threshold=5,
        treat_missing_data="notBreaching",
        metric_queries=[
            *(
                {
                    "id": id,
                    "metric": {
                        "namespace": "AWS/ApplicationELB",
                        "metric_name": metric,
                        "dimensions": {"LoadBalancer": front.balancer.arn_suffix},
                        "stat": "Sum",
                        "period": 60,
                    },
                }
                for id, metric in (("part", "HTTPCode_Target_5XX_Count"), ("whole", "RequestCount"))
            ),
            {"id": "share", "expression": "100 * FILL(part, 0) / whole", "return_data": True},
        ],
        alarm_actions=[topic.arn],
        opts=main,
    )
    aws.cloudwatch.Dashboard(
        "platform",
        dashboard_name="kinds",
        dashboard_body=pulumi.Output.json_dumps(
            {
                "widgets": [
                    {
                        "type": "metric",
                        "x": 0,
                        "y": 0,
                        "width": 12,
                        "height": 6,
                        "properties": {
                            "metrics": [
                                [
                                    "AWS/RDS",
                                    "CPUUtilization",
                                    "DBInstanceIdentifier",
                                    kept.database.identifier,
                                ]
                            ],
                            "region": "eu-west-1",
                            "title": "database",
                        },
                    }
                ]
            }
        ),
        opts=main,
    )
    logs = aws.cloudwatch.LogGroup("audit", retention_in_days=90, opts=main)
    aws.cloudwatch.LogMetricFilter(
        "denied",
        log_group_name=logs.name,
        pattern="AccessDenied",
        metric_transformation={"name": "denied", "namespace": "kinds", "value": "1"},
        opts=main,
    )
    rule = aws.cloudwatch.EventRule("nightly", schedule_expression="cron(0 3 * * ? *)", opts=main)
    aws.cloudwatch.EventTarget("nightly", rule=rule.name, arn=topic.arn, opts=main)
    scheduler = aws.iam.Role("scheduler", assume_role_policy=assumed_by("scheduler"), opts=main)
    aws.scheduler.Schedule(
        "reports",
        schedule_expression="cron(0 5 * * ? *)",
        flexible_time_window={"mode": "OFF"},
        target={"arn": topic.arn, "role_arn": scheduler.arn, "input": "{}"},
        opts=main,
    )
    aws.cloudtrail.Trail(
        "audit",
        s3_bucket_name=base.logs.id,
        s3_key_prefix="trail",
        is_multi_region_trail=True,
        enable_log_file_validation=True,
        kms_key_id=base.key.arn,
        opts=main,
    )
