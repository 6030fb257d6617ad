"""Names given to resources whose program gives none, as the official plugin gives them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from localcloud.standins.aws.schema import Attribute, Kind

RANDOM_DIGITS = 7


@dataclass(frozen=True)
class Rule:
    field: str
    longest: int
    written: Callable[[str], str] = str


def _alias(name: str) -> str:
    return name if name.startswith("alias/") else f"alias/{name}"


# Kinds whose name is not simply `name`, or is shorter or written otherwise than usual.
RULES = {
    "aws_alb": Rule("name", 32),
    "aws_alb_target_group": Rule("name", 32),
    "aws_cloudwatch_log_resource_policy": Rule("policy_name", 255),
    "aws_codedeploy_deployment_config": Rule("deployment_config_name", 100),
    "aws_db_instance": Rule("identifier", 63, str.lower),
    "aws_db_parameter_group": Rule("name", 255, str.lower),
    "aws_db_subnet_group": Rule("name", 255, str.lower),
    "aws_dynamodb_table": Rule("name", 255),
    "aws_eks_fargate_profile": Rule("fargate_profile_name", 63),
    "aws_elasticache_cluster": Rule("cluster_id", 40, str.lower),
    "aws_elasticache_parameter_group": Rule("name", 255, str.lower),
    "aws_elasticache_replication_group": Rule("replication_group_id", 40, str.lower),
    "aws_elasticache_subnet_group": Rule("name", 255, str.lower),
    "aws_elasticsearch_domain": Rule("domain_name", 28, str.lower),
    "aws_elb": Rule("name", 32),
    "aws_iam_role": Rule("name", 64),
    "aws_iam_user": Rule("name", 64),
    "aws_kms_alias": Rule("name", 255, _alias),
    "aws_lambda_function": Rule("function_name", 64),
    "aws_lb": Rule("name", 32),
    "aws_lb_target_group": Rule("name", 32),
    "aws_mq_broker": Rule("broker_name", 50),
    "aws_msk_cluster": Rule("cluster_name", 64),
    "aws_msk_serverless_cluster": Rule("cluster_name", 64),
    "aws_opensearch_domain": Rule("domain_name", 28, str.lower),
    "aws_rds_cluster": Rule("cluster_identifier", 63, str.lower),
    "aws_rds_cluster_instance": Rule("identifier", 63, str.lower),
    "aws_redshift_cluster": Rule("cluster_identifier", 63, str.lower),
    "aws_s3_bucket": Rule("bucket", 63, str.lower),
    "aws_s3_bucket_object": Rule("key", 255),
    "aws_s3_object": Rule("key", 255),
}
LONGEST = 255
NEVER = frozenset(
    {
        "aws_autoscaling_group_tag",
        "aws_ec2_tag",
        "aws_lb_listener",
        "aws_route53_record",
        "aws_route53_zone",
        "aws_ses_receipt_filter",
        "aws_ssm_parameter",
    }
)


class NameTooLongError(Exception):
    """The logical name leaves no room for the random digits."""


def rule_of(kind: Kind) -> Rule:
    """Which field of a kind is its name, and how such a name looks."""
    if kind.terraform in RULES:
        return RULES[kind.terraform]
    fields = kind.block.attributes.items()
    called_name = (name for name, field in fields if field.pulumi == "name")
    return Rule(next(called_name, "name"), LONGEST)


def named_field(kind: Kind) -> Attribute | None:
    """The field that gets a name when the program gives none; None where it stays empty."""
    rule = rule_of(kind)
    field = kind.block.attributes.get(rule.field)
    if kind.terraform in NEVER or field is None or not field.settable:
        return None
    if field.pulumi not in kind.inputs or field.pulumi in kind.required:
        return None
    expected = field.required or field.computed or kind.terraform in RULES
    return field if expected else None


def new_name(kind: Kind, logical_name: str, seed: bytes) -> str:
    """`<logical name>-<7 hex digits>`, the same in preview and update by the engine's seed."""
    rule = rule_of(kind)
    name = rule.written(f"{logical_name}-{hashlib.sha256(seed).hexdigest()[:RANDOM_DIGITS]}")
    if len(name) > rule.longest:
        raise NameTooLongError(
            f"the name {name!r}, made from the resource's name, has {len(name)} characters; "
            f"a {kind.token} has at most {rule.longest}. Shorten the resource's name by "
            f"{len(name) - rule.longest}, or set {rule.field}."
        )
    return name
