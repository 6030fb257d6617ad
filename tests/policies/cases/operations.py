"""Trails, logs, alarms, certificates, zones, backups, parameters, topics and tags."""

import json
from typing import Any

from policies.rules.acm_certificates_are_published import acm_certificates_are_published
from policies.rules.acm_key_is_strong import acm_key_is_strong
from policies.rules.acm_renews_by_itself import acm_renews_by_itself
from policies.rules.backup_plan_copies import backup_plan_copies
from policies.rules.backup_plan_keeps_a_week import backup_plan_keeps_a_week
from policies.rules.backup_vault_encrypted import backup_vault_encrypted
from policies.rules.backup_vault_kept import backup_vault_kept
from policies.rules.backup_vault_policy_not_public import backup_vault_policy_not_public
from policies.rules.backup_vault_protected import backup_vault_protected
from policies.rules.cloudtrail_bucket_logs_access import cloudtrail_bucket_logs_access
from policies.rules.cloudtrail_covers_every_region import cloudtrail_covers_every_region
from policies.rules.cloudtrail_encrypted import cloudtrail_encrypted
from policies.rules.cloudtrail_reaches_cloudwatch import cloudtrail_reaches_cloudwatch
from policies.rules.cloudtrail_records_files import cloudtrail_records_files
from policies.rules.cloudtrail_validates_files import cloudtrail_validates_files
from policies.rules.cloudwatch_alarm_is_explained import cloudwatch_alarm_is_explained
from policies.rules.cloudwatch_alarm_tells_someone import cloudwatch_alarm_tells_someone
from policies.rules.logs_are_deleted_in_time import logs_are_deleted_in_time
from policies.rules.logs_encrypted_with_own_key import logs_encrypted_with_own_key
from policies.rules.route53_logs_queries import route53_logs_queries
from policies.rules.route53_zone_kept import route53_zone_kept
from policies.rules.route53_zone_protected import route53_zone_protected
from policies.rules.sns_delivers_over_tls import sns_delivers_over_tls
from policies.rules.sns_encrypted import sns_encrypted
from policies.rules.sns_not_public import sns_not_public
from policies.rules.sns_records_deliveries import sns_records_deliveries
from policies.rules.ssm_document_not_public import ssm_document_not_public
from policies.rules.ssm_secrets_are_secure_strings import ssm_secrets_are_secure_strings
from policies.rules.ssm_secure_strings_own_key import ssm_secure_strings_own_key
from policies.rules.tags_are_complete import tags_are_complete
from policies.testing import Declared
from tests.policies.table import ABSENT, Case, as_type, both, on, options, unknown, without


def policy(principal: Any = "*", **condition: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": "*"}
    if condition:
        content["Condition"] = condition
    return {"policy": json.dumps({"Statement": [content]})}


NAMED = policy({"AWS": "arn:aws:iam::123456789012:root"})
SAME_ACCOUNT = policy(StringEquals={"aws:SourceAccount": "123456789012"})
TRAIL_BUCKET = Declared("aws:s3/bucket:Bucket", {"bucket": "trail"}, name="bucket")
TRAIL_LOGGING = Declared(
    "aws:s3/bucketLogging:BucketLogging",
    {"bucket": TRAIL_BUCKET, "targetBucket": "logs"},
    name="logging",
)
TRAIL = Declared(
    "aws:cloudtrail/trail:Trail",
    {
        "s3BucketName": TRAIL_BUCKET,
        "isMultiRegionTrail": True,
        "kmsKeyId": "arn:key",
        "enableLogFileValidation": True,
        "cloudWatchLogsGroupArn": "arn:logs",
        "eventSelectors": [
            {
                "includeManagementEvents": True,
                "dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}],
            }
        ],
    },
    name="trail",
)
LOGS = Declared("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 90, "kmsKeyId": "arn:key"})
EDGE = options("subject", provider={"region": "us-east-1"})
ALARM = Declared(
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    {"alarmActions": ["arn:topic"], "alarmDescription": "The disk is full. See runbook 3."},
)
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
CERTIFICATE = Declared(
    "aws:acm/certificate:Certificate",
    {
        "domainName": "shop.example.com",
        "validationMethod": "DNS",
        "keyAlgorithm": "EC_prime256v1",
        "options": {"certificateTransparencyLoggingPreference": "ENABLED"},
    },
)
ZONE = Declared("aws:route53/zone:Zone", {"name": "example.com"}, name="zone", protect=True)
QUERIES = Declared("aws:route53/queryLog:QueryLog", {"zoneId": ZONE}, name="queries")
PRIVATE = {"vpcs": [{"vpcId": "vpc-1"}]}
VAULT = Declared("aws:backup/vault:Vault", {"kmsKeyArn": "arn:key"}, name="vault", protect=True)
PLAN = Declared(
    "aws:backup/plan:Plan",
    {
        "rules": [
            {
                "ruleName": "daily",
                "lifecycle": {"deleteAfter": 35},
                "copyActions": [{"destinationVaultArn": "arn:vault"}],
            }
        ]
    },
)
PARAMETER = Declared(
    "aws:ssm/parameter:Parameter",
    {"name": "/shop/password", "type": "SecureString", "value": "given", "keyId": "arn:key"},
)
TOPIC = Declared(
    "aws:sns/topic:Topic", {"kmsMasterKeyId": "arn:key", "sqsFailureFeedbackRoleArn": "arn:role"}
)
TAGS = {"Owner": "platform", "Environment": "prod", "ManagedBy": "pulumi"}
TAGGED_KINDS = (
    "aws:ec2/instance:Instance",
    "aws:ebs/volume:Volume",
    "aws:rds/instance:Instance",
    "aws:rds/cluster:Cluster",
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:alb/loadBalancer:LoadBalancer",
    "aws:cloudfront/distribution:Distribution",
    "aws:ecs/service:Service",
    "aws:kms/key:Key",
    "aws:secretsmanager/secret:Secret",
    "aws:ec2/vpc:Vpc",
)
TAGGED = Declared("aws:s3/bucket:Bucket", {"tags": TAGS}, name="tagged")

CASES = [
    Case(
        cloudtrail_covers_every_region,
        [TRAIL],
        refused=[
            {"isMultiRegionTrail": False},
            {"isMultiRegionTrail": ABSENT},
            {"enableLogging": False},
            {"includeGlobalServiceEvents": False},
            {"eventSelectors.0.includeManagementEvents": False},
        ],
        unknown=unknown("isMultiRegionTrail"),
        allowed=[{"enableLogging": True, "eventSelectors": ABSENT}],
    ),
    Case(
        cloudtrail_encrypted,
        [TRAIL],
        refused=[{"kmsKeyId": ABSENT}, {"kmsKeyId": ""}],
        unknown=unknown("kmsKeyId"),
    ),
    Case(
        cloudtrail_validates_files,
        [TRAIL],
        refused=[{"enableLogFileValidation": False}, {"enableLogFileValidation": ABSENT}],
        unknown=unknown("enableLogFileValidation"),
    ),
    Case(
        cloudtrail_reaches_cloudwatch,
        [TRAIL],
        refused=[{"cloudWatchLogsGroupArn": ABSENT}],
        unknown=unknown("cloudWatchLogsGroupArn"),
    ),
    Case(
        cloudtrail_bucket_logs_access,
        [TRAIL, TRAIL_BUCKET, TRAIL_LOGGING],
        refused=[without("logging"), on("logging", {"bucket": "another"})],
        decided="whether access is logged is known from the references",
        allowed=[both({"s3BucketName": "of-another-stack"}, without("logging"))],
    ),
    Case(
        cloudtrail_records_files,
        [TRAIL],
        refused=[
            {"eventSelectors": ABSENT},
            {"eventSelectors.0.dataResources.0.type": "AWS::Lambda::Function"},
        ],
        unknown=unknown("eventSelectors"),
        allowed=[
            {
                "eventSelectors": ABSENT,
                "advancedEventSelectors": [
                    {
                        "fieldSelectors": [
                            {"field": "eventCategory", "equals": ["Data"]},
                            {"field": "resources.type", "equals": ["AWS::S3::Object"]},
                        ]
                    }
                ],
            }
        ],
    ),
    Case(
        logs_are_deleted_in_time,
        [LOGS],
        refused=[{"retentionInDays": 0}, {"retentionInDays": ABSENT}],
        unknown=unknown("retentionInDays"),
        allowed=[{"retentionInDays": 1}],
    ),
    Case(
        logs_encrypted_with_own_key,
        [LOGS],
        refused=[
            {"kmsKeyId": ABSENT},
            {"kmsKeyId": ABSENT, "name": "aws-waf-logs-shop"},
            both({"kmsKeyId": ABSENT, "name": "shop"}, EDGE),
        ],
        unknown=unknown("kmsKeyId"),
        allowed=[
            both({"kmsKeyId": ABSENT, "name": "aws-waf-logs-shop"}, EDGE),
            both({"kmsKeyId": ABSENT}, EDGE, options("subject", name="aws-waf-logs-shop")),
        ],
    ),
    Case(
        cloudwatch_alarm_tells_someone,
        [ALARM],
        refused=[
            {"alarmActions": ABSENT},
            {"alarmActions": []},
            {"actionsEnabled": False},
            as_type(COMPOSITE, {"alarmRule": "ALARM(x)"}),
        ],
        unknown=unknown("alarmActions"),
        allowed=[{"actionsEnabled": True}],
    ),
    Case(
        cloudwatch_alarm_is_explained,
        [ALARM],
        refused=[{"alarmDescription": ABSENT}, as_type(COMPOSITE, {"alarmRule": "ALARM(x)"})],
        unknown=unknown("alarmDescription"),
    ),
    Case(
        acm_renews_by_itself,
        [CERTIFICATE],
        refused=[
            {"validationMethod": "EMAIL"},
            {"validationMethod": ABSENT},
            {"certificateBody": "-----BEGIN CERTIFICATE-----"},
            {"privateKey": "given"},
        ],
        unknown=unknown("validationMethod"),
        allowed=[{"validationMethod": ABSENT, "certificateAuthorityArn": "arn:ca"}],
    ),
    Case(
        acm_key_is_strong,
        [CERTIFICATE],
        refused=[{"keyAlgorithm": "RSA_1024"}],
        unknown=unknown("keyAlgorithm"),
        allowed=[{"keyAlgorithm": ABSENT}],
    ),
    Case(
        acm_certificates_are_published,
        [CERTIFICATE],
        refused=[{"options.certificateTransparencyLoggingPreference": "DISABLED"}],
        unknown=unknown("options"),
        allowed=[{"options": ABSENT}],
    ),
    Case(
        route53_logs_queries,
        [ZONE, QUERIES],
        refused=[without("queries"), on("queries", {"zoneId": "Z-other"})],
        unknown=both(without("queries"), unknown("vpcs")),
        allowed=[both(without("queries"), PRIVATE)],
    ),
    Case(
        route53_zone_kept,
        [ZONE],
        refused=[{"forceDestroy": True}],
        unknown=unknown("forceDestroy"),
    ),
    Case(
        route53_zone_protected,
        [ZONE],
        refused=[options("zone", protect=False)],
        unknown=both(options("zone", protect=False), unknown("vpcs")),
        allowed=[both(options("zone", protect=False), PRIVATE)],
    ),
    Case(
        backup_vault_encrypted,
        [VAULT],
        refused=[{"kmsKeyArn": ABSENT}],
        unknown=unknown("kmsKeyArn"),
    ),
    Case(
        backup_vault_kept,
        [VAULT],
        refused=[{"forceDestroy": True}],
        unknown=unknown("forceDestroy"),
    ),
    Case(
        backup_vault_protected,
        [VAULT],
        refused=[options("vault", protect=False)],
        decided="an option of a resource is always known",
    ),
    Case(
        backup_vault_policy_not_public,
        [Declared("aws:backup/vaultPolicy:VaultPolicy", NAMED)],
        refused=[policy()],
        unknown=unknown("policy"),
        allowed=[SAME_ACCOUNT],
    ),
    Case(
        backup_plan_keeps_a_week,
        [PLAN],
        refused=[
            {"rules.0.lifecycle.deleteAfter": 6},
            {"rules.0.lifecycle.deleteAfter": 1},
        ],
        unknown=unknown("rules.0.lifecycle.deleteAfter"),
        allowed=[{"rules.0.lifecycle.deleteAfter": 7}, {"rules.0.lifecycle": ABSENT}],
    ),
    Case(
        backup_plan_copies,
        [PLAN],
        refused=[{"rules.0.copyActions": ABSENT}, {"rules.0.copyActions": []}],
        unknown=unknown("rules"),
    ),
    Case(
        ssm_secrets_are_secure_strings,
        [PARAMETER],
        refused=[
            {"type": "String"},
            {"type": "StringList"},
            {"type": "String", "name": "/shop/url", "value": "redis://:hunter2@cache:6379"},
            {
                "type": "String",
                "name": "/shop/key",
                "value": ABSENT,
                "insecureValue": "-----BEGIN PRIVATE KEY-----",
            },
        ],
        unknown=unknown("type"),
        allowed=[{"type": "String", "name": "/shop/url", "value": "https://shop.example.com"}],
    ),
    Case(
        ssm_secure_strings_own_key,
        [PARAMETER],
        refused=[{"keyId": ABSENT}, {"keyId": "alias/aws/ssm"}],
        unknown=unknown("keyId"),
        allowed=[{"keyId": ABSENT, "type": "String"}],
    ),
    Case(
        ssm_document_not_public,
        [Declared("aws:ssm/document:Document", {"permissions": {"accountIds": "123456789012"}})],
        refused=[
            {"permissions.accountIds": "all"},
            {"permissions.accountIds": "All"},
            {"permissions.accountIds": "123456789012,all"},
        ],
        unknown=unknown("permissions.accountIds"),
        allowed=[{"permissions": ABSENT}],
    ),
    Case(
        sns_encrypted,
        [TOPIC],
        refused=[{"kmsMasterKeyId": ABSENT}],
        unknown=unknown("kmsMasterKeyId"),
    ),
    Case(
        sns_not_public,
        [Declared("aws:sns/topicPolicy:TopicPolicy", NAMED)],
        refused=[policy(), as_type(TOPIC.type, policy({"AWS": "*"}))],
        unknown=unknown("policy"),
        allowed=[SAME_ACCOUNT],
    ),
    Case(
        sns_delivers_over_tls,
        [Declared("aws:sns/topicSubscription:TopicSubscription", {"protocol": "https"})],
        refused=[{"protocol": "http"}],
        unknown=unknown("protocol"),
        allowed=[{"protocol": "email"}],
    ),
    Case(
        sns_records_deliveries,
        [TOPIC],
        refused=[{"sqsFailureFeedbackRoleArn": ABSENT}],
        unknown=unknown("httpFailureFeedbackRoleArn"),
        allowed=[
            {"sqsFailureFeedbackRoleArn": ABSENT, f"{kind}FailureFeedbackRoleArn": "arn:role"}
            for kind in ("http", "lambda", "firehose", "application")
        ],
    ),
    Case(
        tags_are_complete,
        [TAGGED],
        refused=[
            *({f"tags.{name}": ABSENT} for name in TAGS),
            {"tags": ABSENT},
            *(as_type(kind, {}) for kind in TAGGED_KINDS),
            both({"tags": ABSENT}, options("tagged", provider={"region": "eu-west-1"})),
        ],
        unknown=unknown("tags"),
        allowed=[
            {"tags": {"owner": "platform", "stack": "prod", "managed-by": "pulumi"}},
            {"tags": {"owner": "platform", "stack": "prod", "managed_by": "pulumi"}},
            both(
                {"tags": ABSENT},
                options("tagged", provider={"defaultTags": json.dumps({"tags": TAGS})}),
            ),
        ],
    ),
]
