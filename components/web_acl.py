"""What is turned away before it reaches an application: known attacks, floods, strangers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.allowance import Allowance, LogIn, Upload

# AWS's own groups of rules, in the order they are asked (WAF guide, managed rule groups).
MANAGED_GROUPS = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
)
# The common group refuses any body over 8 KB. It is made to count only, and its label is then
# looked at, so that an upload passes and every other large body does not.
COMMON_GROUP = "AWSManagedRulesCommonRuleSet"
BODY_RULE = "SizeRestrictions_BODY"
BODY_LABEL = "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"
# The shortest window that a rate is counted over, and the lowest limit (WAF guide).
WINDOW = 60
LOWEST_LIMIT = 10
# Never written to a log.
REDACTED = ("authorization", "cookie", "x-origin-proof")


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A header without which nobody is listened to."""

    header: str
    value: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class WebAclArgs:
    scope: Literal["REGIONAL", "CLOUDFRONT"]
    allowance: Allowance
    proof: Proof | None = None
    # What a regional one stands before; a distribution names its own.
    protects: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    key_arn: pulumi.Input[str] | None  # of the same region; None: the log service's own
    log_days: int


@dataclass(frozen=True, kw_only=True)
class _Refusal:
    name: str
    statement: aws.wafv2.WebAclRuleStatementArgs
    decided_by_group: bool = False


class WebAcl(pulumi.ComponentResource):
    """What no rule refuses, passes; what was refused is on record."""

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: WebAclArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:edge:WebAcl", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        allowance = args.allowance
        refusals = [
            *([_without_proof(args.proof)] if args.proof is not None else []),
            *map(_guess, allowance.log_ins),
            *([_flood(requests)] if (requests := allowance.requests_a_minute) is not None else []),
            *(_managed(group, bodies_later=bool(allowance.uploads)) for group in MANAGED_GROUPS),
            *([_large_body(allowance.uploads)] if allowance.uploads else []),
        ]
        acl = aws.wafv2.WebAcl(
            name,
            scope=args.scope,
            description=f"{name}: what is turned away",
            default_action=aws.wafv2.WebAclDefaultActionArgs(
                allow=aws.wafv2.WebAclDefaultActionAllowArgs()
            ),
            visibility_config=aws.wafv2.WebAclVisibilityConfigArgs(
                cloudwatch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
            ),
            rules=[_rule(refusal, priority) for priority, refusal in enumerate(refusals)],
            opts=child,
        )
        for protected, arn in args.protects.items():
            aws.wafv2.WebAclAssociation(
                f"{name}-{protected}", resource_arn=arn, web_acl_arn=acl.arn, opts=child
            )
        # WAF writes only where the name begins so.
        log = aws.cloudwatch.LogGroup(
            f"aws-waf-logs-{name}",
            retention_in_days=args.log_days,
            kms_key_id=args.key_arn,
            opts=child,
        )
        aws.wafv2.WebAclLoggingConfiguration(
            name,
            resource_arn=acl.arn,
            log_destination_configs=[log.arn],
            redacted_fields=[
                aws.wafv2.WebAclLoggingConfigurationRedactedFieldArgs(
                    single_header=aws.wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs(
                        name=header
                    )
                )
                for header in REDACTED
            ],
            logging_filter=_blocked_only(),
            opts=child,
        )
        self.arn = acl.arn
        self.register_outputs({"arn": self.arn})


def _rule(refusal: _Refusal, priority: int) -> aws.wafv2.WebAclRuleArgs:
    group = refusal.decided_by_group
    return aws.wafv2.WebAclRuleArgs(
        name=refusal.name,
        priority=priority,
        statement=refusal.statement,
        action=None
        if group
        else aws.wafv2.WebAclRuleActionArgs(block=aws.wafv2.WebAclRuleActionBlockArgs()),
        override_action=aws.wafv2.WebAclRuleOverrideActionArgs(
            none=aws.wafv2.WebAclRuleOverrideActionNoneArgs()
        )
        if group
        else None,
        visibility_config=aws.wafv2.WebAclRuleVisibilityConfigArgs(
            cloudwatch_metrics_enabled=True,
            metric_name=refusal.name,
            sampled_requests_enabled=True,
        ),
    )


def _without_proof(proof: Proof) -> _Refusal:
    proved = aws.wafv2.WebAclRuleStatementArgs(
        byte_match_statement=aws.wafv2.WebAclRuleStatementByteMatchStatementArgs(
            search_string=pulumi.Output.secret(proof.value),
            positional_constraint="EXACTLY",
            field_to_match=aws.wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchArgs(
                single_header=(
                    aws.wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchSingleHeaderArgs(
                        name=proof.header.lower()
                    )
                )
            ),
            text_transformations=[
                aws.wafv2.WebAclRuleStatementByteMatchStatementTextTransformationArgs(
                    priority=0, type="NONE"
                )
            ],
        )
    )
    return _Refusal(name="without-proof", statement=_not(proved))


def _flood(limit: int) -> _Refusal:
    return _Refusal(
        name="rate",
        statement=aws.wafv2.WebAclRuleStatementArgs(
            rate_based_statement=aws.wafv2.WebAclRuleStatementRateBasedStatementArgs(
                limit=limit, evaluation_window_sec=WINDOW, aggregate_key_type="IP"
            )
        ),
    )


def _guess(log_in: LogIn) -> _Refusal:
    """One address that tries passwords."""
    return _Refusal(
        name=re.sub(r"[^A-Za-z0-9]+", "-", f"log-in-{log_in.host}{log_in.path}"),
        statement=aws.wafv2.WebAclRuleStatementArgs(
            rate_based_statement=aws.wafv2.WebAclRuleStatementRateBasedStatementArgs(
                limit=max(LOWEST_LIMIT, log_in.requests_a_minute),
                evaluation_window_sec=WINDOW,
                aggregate_key_type="IP",
                scope_down_statement=_counting_only(log_in),
            )
        ),
    )


def _counting_only(
    log_in: LogIn,
) -> aws.wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementArgs:
    # What _for_host and _under say, which the SDK spells otherwise at this depth.
    return aws.wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementArgs(
        and_statement=aws.wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementAndStatementArgs(
            statements=[
                aws.wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementArgs(
                    byte_match_statement=aws.wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementByteMatchStatementArgs(
                        search_string=log_in.host,
                        positional_constraint="EXACTLY",
                        field_to_match=aws.wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementByteMatchStatementFieldToMatchArgs(
                            single_header=aws.wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementByteMatchStatementFieldToMatchSingleHeaderArgs(
                                name="host"
                            )
                        ),
                        text_transformations=[
                            aws.wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementByteMatchStatementTextTransformationArgs(
                                priority=0, type="LOWERCASE"
                            )
                        ],
                    )
                ),
                aws.wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementArgs(
                    byte_match_statement=aws.wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementByteMatchStatementArgs(
                        search_string=log_in.path,
                        positional_constraint="STARTS_WITH",
                        field_to_match=aws.wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementByteMatchStatementFieldToMatchArgs(
                            uri_path=aws.wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementByteMatchStatementFieldToMatchUriPathArgs()
                        ),
                        text_transformations=[
                            aws.wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementByteMatchStatementTextTransformationArgs(
                                priority=0, type="NORMALIZE_PATH"
                            )
                        ],
                    )
                ),
            ]
        )
    )


def _managed(group: str, *, bodies_later: bool) -> _Refusal:
    count = aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs(
        name=BODY_RULE,
        action_to_use=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs(
            count=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs()
        ),
    )
    return _Refusal(
        name=group.removeprefix("AWSManagedRules"),
        statement=aws.wafv2.WebAclRuleStatementArgs(
            managed_rule_group_statement=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs(
                vendor_name="AWS",
                name=group,
                rule_action_overrides=[count] if bodies_later and group == COMMON_GROUP else [],
            )
        ),
        decided_by_group=True,
    )


def _large_body(uploads: tuple[Upload, ...]) -> _Refusal:
    """A large body anywhere but where they are taken."""
    large = aws.wafv2.WebAclRuleStatementArgs(
        label_match_statement=aws.wafv2.WebAclRuleStatementLabelMatchStatementArgs(
            scope="LABEL", key=BODY_LABEL
        )
    )
    elsewhere = [_not(_all(_for_host(upload.host), _under(upload.path))) for upload in uploads]
    return _Refusal(
        name="large-body",
        statement=_all(large, *elsewhere),
    )


def _all(*statements: aws.wafv2.WebAclRuleStatementArgs) -> aws.wafv2.WebAclRuleStatementArgs:
    return aws.wafv2.WebAclRuleStatementArgs(
        and_statement=aws.wafv2.WebAclRuleStatementAndStatementArgs(statements=list(statements))
    )


def _not(
    statement: aws.wafv2.WebAclRuleStatementArgs,
) -> aws.wafv2.WebAclRuleStatementArgs:
    return aws.wafv2.WebAclRuleStatementArgs(
        not_statement=aws.wafv2.WebAclRuleStatementNotStatementArgs(statement=statement)
    )


def _for_host(host: str) -> aws.wafv2.WebAclRuleStatementArgs:
    return aws.wafv2.WebAclRuleStatementArgs(
        byte_match_statement=aws.wafv2.WebAclRuleStatementByteMatchStatementArgs(
            search_string=host,
            positional_constraint="EXACTLY",
            field_to_match=aws.wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchArgs(
                single_header=(
                    aws.wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchSingleHeaderArgs(
                        name="host"
                    )
                )
            ),
            text_transformations=[
                aws.wafv2.WebAclRuleStatementByteMatchStatementTextTransformationArgs(
                    priority=0, type="LOWERCASE"
                )
            ],
        )
    )


def _under(path: str) -> aws.wafv2.WebAclRuleStatementArgs:
    return aws.wafv2.WebAclRuleStatementArgs(
        byte_match_statement=aws.wafv2.WebAclRuleStatementByteMatchStatementArgs(
            search_string=path,
            positional_constraint="STARTS_WITH",
            field_to_match=aws.wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchArgs(
                uri_path=aws.wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchUriPathArgs()
            ),
            text_transformations=[
                aws.wafv2.WebAclRuleStatementByteMatchStatementTextTransformationArgs(
                    priority=0, type="NORMALIZE_PATH"
                )
            ],
        )
    )


def _blocked_only() -> aws.wafv2.WebAclLoggingConfigurationLoggingFilterArgs:
    return aws.wafv2.WebAclLoggingConfigurationLoggingFilterArgs(
        default_behavior="DROP",
        filters=[
            aws.wafv2.WebAclLoggingConfigurationLoggingFilterFilterArgs(
                behavior="KEEP",
                requirement="MEETS_ANY",
                conditions=[
                    aws.wafv2.WebAclLoggingConfigurationLoggingFilterFilterConditionArgs(
                        action_condition=aws.wafv2.WebAclLoggingConfigurationLoggingFilterFilterConditionActionConditionArgs(
                            action=action
                        )
                    )
                    for action in ("BLOCK", "COUNT")
                ],
            )
        ],
    )
