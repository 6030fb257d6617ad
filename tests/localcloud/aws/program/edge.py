"""What stands before the platform: CloudFront, its functions and policies, WAF at both places."""

from typing import Any

import pulumi
import pulumi_aws as aws
from compute import Front, certified
from foundation import Foundation
from network import Network
from stores import Stores

# Managed policies have the same ids in every account (CloudFront developer guide).
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"


def make(base: Foundation, net: Network, front: Front, kept: Stores) -> None:
    certificate = certified("cdn", "www.example.test", front.zone, base.main, base.edge)
    regional = _web_acl("regional", "REGIONAL", base.main)
    aws.wafv2.WebAclAssociation(
        "balancer", resource_arn=front.balancer.arn, web_acl_arn=regional.arn, opts=base.main
    )
    at_the_edge = _web_acl("edge", "CLOUDFRONT", base.edge)
    waf_logs = aws.cloudwatch.LogGroup(
        "waf", name="aws-waf-logs-kinds", retention_in_days=30, opts=base.edge
    )
    aws.wafv2.WebAclLoggingConfiguration(
        "edge",
        resource_arn=at_the_edge.arn,
        log_destination_configs=[waf_logs.arn],
        redacted_fields=[{"single_header": {"name": "authorization"}}],
        logging_filter={
            "default_behavior": "DROP",
            "filters": [
                {
                    "behavior": "KEEP",
                    "requirement": "MEETS_ANY",
                    "conditions": [{"action_condition": {"action": "BLOCK"}}],
                }
            ],
        },
        opts=base.edge,
    )
    origin = aws.cloudfront.VpcOrigin(
        "web",
        vpc_origin_endpoint_config={
            "name": "web",
            "arn": front.balancer.arn,
            "http_port": 80,
            "https_port": 443,
            "origin_protocol_policy": "https-only",
            "origin_ssl_protocols": {"items": ["TLSv1.2"], "quantity": 1},
        },
        opts=base.edge,
    )
    control = aws.cloudfront.OriginAccessControl(
        "site",
        origin_access_control_origin_type="s3",
        signing_behavior="always",
        signing_protocol="sigv4",
        opts=base.edge,
    )
    headers = _headers(base)
    cache = aws.cloudfront.CachePolicy(
        "static",
        min_ttl=1,
        default_ttl=86400,
        max_ttl=31536000,
        parameters_in_cache_key_and_forwarded_to_origin={
            "cookies_config": {"cookie_behavior": "none"},
            "headers_config": {"header_behavior": "none"},
            "query_strings_config": {"query_string_behavior": "none"},
            "enable_accept_encoding_gzip": True,
            "enable_accept_encoding_brotli": True,
        },
        opts=base.edge,
    )
    rewrite = aws.cloudfront.Function(
        "single-page",
        runtime="cloudfront-js-2.0",
        code="function handler(event) { return event.request; }",
        publish=True,
        opts=base.edge,
    )
    distribution = aws.cloudfront.Distribution(
        "cdn",
        enabled=True,
        is_ipv6_enabled=True,
        http_version="http2and3",
        comment="kinds",
        aliases=["www.example.test"],
        default_root_object="index.html",
        price_class="PriceClass_100",
        web_acl_id=at_the_edge.arn,
        origins=[
            {
                "origin_id": "site",
                "domain_name": base.data.bucket_regional_domain_name,
                "origin_access_control_id": control.id,
            },
            {
                "origin_id": "web",
                "domain_name": front.balancer.dns_name,
                "vpc_origin_config": {"vpc_origin_id": origin.id},
                "custom_headers": [{"name": "x-origin-check", "value": base.password}],
            },
        ],
        default_cache_behavior={
            "target_origin_id": "site",
            "viewer_protocol_policy": "redirect-to-https",
            "allowed_methods": ["GET", "HEAD"],
            "cached_methods": ["GET", "HEAD"],
            "cache_policy_id": cache.id,
            "response_headers_policy_id": headers.id,
            "compress": True,
            "function_associations": [
                {"event_type": "viewer-request", "function_arn": rewrite.arn}
            ],
        },
        ordered_cache_behaviors=[
            {
                "path_pattern": "/api/*",
                "target_origin_id": "web",
                "viewer_protocol_policy": "https-only",
                "allowed_methods": ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
                "cached_methods": ["GET", "HEAD"],
                "cache_policy_id": CACHING_DISABLED,
                "origin_request_policy_id": ALL_VIEWER,
                "response_headers_policy_id": headers.id,
                "compress": True,
            }
        ],
        custom_error_responses=[
            {"error_code": 403, "response_code": 200, "response_page_path": "/index.html"}
        ],
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        viewer_certificate={
            "acm_certificate_arn": certificate,
            "ssl_support_method": "sni-only",
            "minimum_protocol_version": "TLSv1.2_2021",
        },
        opts=base.edge,
    )
    aws.route53.Record(
        "www",
        zone_id=front.zone.zone_id,
        name="www.example.test",
        type="A",
        aliases=[
            {
                "name": distribution.domain_name,
                "zone_id": distribution.hosted_zone_id,
                "evaluate_target_health": False,
            }
        ],
        opts=base.main,
    )
    _access_logs(base, distribution)


def _headers(base: Foundation) -> aws.cloudfront.ResponseHeadersPolicy:
    return aws.cloudfront.ResponseHeadersPolicy(
        "security",
        security_headers_config={
            "strict_transport_security": {
                "access_control_max_age_sec": 31536000,
                "include_subdomains": True,
                "preload": True,
                "override": True,
            },
            "content_type_options": {"override": True},
            "frame_options": {"frame_option": "DENY", "override": True},
            "referrer_policy": {"referrer_policy": "same-origin", "override": True},
            "content_security_policy": {
                "content_security_policy": "default-src 'self'",
                "override": True,
            },
        },
        custom_headers_config={
            "items": [{"header": "permissions-policy", "value": "camera=()", "override": True}]
        },
        remove_headers_config={"items": [{"header": "server"}]},
        opts=base.edge,
    )


def _web_acl(name: str, scope: str, opts: pulumi.ResourceOptions) -> aws.wafv2.WebAcl:
    def seen(rule: str) -> Any:
        return {
            "cloudwatch_metrics_enabled": True,
            "metric_name": f"{name}-{rule}",
            "sampled_requests_enabled": True,
        }

    rules: list[Any] = [
        {
            "name": "common",
            "priority": 1,
            "override_action": {"none": {}},
            "statement": {
                "managed_rule_group_statement": {
                    "vendor_name": "AWS",
                    "name": "AWSManagedRulesCommonRuleSet",
                    "rule_action_overrides": [
                        {"name": "SizeRestrictions_BODY", "action_to_use": {"count": {}}}
                    ],
                }
            },
            "visibility_config": seen("common"),
        },
        {
            "name": "rate",
            "priority": 2,
            "action": {"block": {}},
            "statement": {
                "rate_based_statement": {
                    "limit": 2000,
                    "aggregate_key_type": "IP",
                    "evaluation_window_sec": 300,
                    "scope_down_statement": {
                        "byte_match_statement": {
                            "search_string": "/api/",
                            "positional_constraint": "STARTS_WITH",
                            "field_to_match": {"uri_path": {}},
                            "text_transformations": [{"priority": 0, "type": "LOWERCASE"}],
                        }
                    },
                }
            },
            "visibility_config": seen("rate"),
        },
        {
            "name": "origin-check",
            "priority": 3,
            "action": {"block": {}},
            "statement": {
                "not_statement": {
                    "statement": {
                        "byte_match_statement": {
                            "search_string": "expected",
                            "positional_constraint": "EXACTLY",
                            "field_to_match": {"single_header": {"name": "x-origin-check"}},
                            "text_transformations": [{"priority": 0, "type": "NONE"}],
                        }
                    }
                }
            },
            "visibility_config": seen("origin-check"),
        },
    ]
    return aws.wafv2.WebAcl(
        name,
        scope=scope,
        default_action={"allow": {}},
        visibility_config=seen("all"),
        rules=rules,
        opts=opts,
    )


def _access_logs(base: Foundation, distribution: aws.cloudfront.Distribution) -> None:
    source = aws.cloudwatch.LogDeliverySource(
        "cdn",
        name="cdn",
        log_type="ACCESS_LOGS",
        resource_arn=distribution.arn,
        opts=base.edge,
    )
    destination = aws.cloudwatch.LogDeliveryDestination(
        "cdn",
        name="cdn",
        output_format="json",
        delivery_destination_configuration={"destination_resource_arn": base.logs.arn},
        opts=base.edge,
    )
    aws.cloudwatch.LogDelivery(
        "cdn",
        delivery_source_name=source.name,
        delivery_destination_arn=destination.arn,
        opts=base.edge,
    )
