"""Load balancers, distributions and web application firewalls."""

import json
from typing import Any

from policies.rules.cloudfront_has_default_root_object import cloudfront_has_default_root_object
from policies.rules.cloudfront_has_own_certificate import cloudfront_has_own_certificate
from policies.rules.cloudfront_has_web_acl import cloudfront_has_web_acl
from policies.rules.cloudfront_logs import cloudfront_logs
from policies.rules.cloudfront_origin_fails_over import cloudfront_origin_fails_over
from policies.rules.cloudfront_reaches_origin_over_https import cloudfront_reaches_origin_over_https
from policies.rules.cloudfront_sends_security_headers import cloudfront_sends_security_headers
from policies.rules.cloudfront_signs_requests_to_s3 import cloudfront_signs_requests_to_s3
from policies.rules.cloudfront_uses_modern_tls import cloudfront_uses_modern_tls
from policies.rules.cloudfront_uses_modern_tls_to_origin import cloudfront_uses_modern_tls_to_origin
from policies.rules.cloudfront_uses_sni import cloudfront_uses_sni
from policies.rules.cloudfront_viewers_use_https import cloudfront_viewers_use_https
from policies.rules.elb_access_logs import elb_access_logs
from policies.rules.elb_classic_not_used import elb_classic_not_used
from policies.rules.elb_deletion_protected import elb_deletion_protected
from policies.rules.elb_desync_mitigated import elb_desync_mitigated
from policies.rules.elb_drops_invalid_headers import elb_drops_invalid_headers
from policies.rules.elb_http_redirects_to_https import elb_http_redirects_to_https
from policies.rules.elb_https_uses_modern_tls import elb_https_uses_modern_tls
from policies.rules.elb_public_has_web_acl import elb_public_has_web_acl
from policies.rules.elb_public_speaks_https import elb_public_speaks_https
from policies.rules.elb_several_zones import elb_several_zones
from policies.rules.elb_target_group_checks_health import elb_target_group_checks_health
from policies.rules.elb_target_port_is_open import elb_target_port_is_open
from policies.rules.waf_acl_has_managed_rules import waf_acl_has_managed_rules
from policies.rules.waf_acl_has_rules import waf_acl_has_rules
from policies.rules.waf_acl_limits_rate import waf_acl_limits_rate
from policies.rules.waf_acl_logs import waf_acl_logs
from policies.rules.waf_classic_not_used import waf_classic_not_used
from policies.rules.waf_log_redacts_credentials import waf_log_redacts_credentials
from policies.rules.waf_managed_rules_block import waf_managed_rules_block
from policies.rules.waf_rules_have_metrics import waf_rules_have_metrics
from policies.testing import UNKNOWN, Declared
from tests.policies.table import ABSENT, Case, as_type, both, on, plus, unknown, without

LISTENER = Declared(
    "aws:lb/listener:Listener",
    {
        "protocol": "HTTP",
        "port": 80,
        "defaultActions": [
            {"type": "redirect", "redirect": {"protocol": "HTTPS", "statusCode": "HTTP_301"}}
        ],
    },
)
TLS = Declared(
    "aws:alb/listener:Listener",
    {"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"},
)
BALANCER = Declared(
    "aws:lb/loadBalancer:LoadBalancer",
    {
        "loadBalancerType": "application",
        "internal": False,
        "dropInvalidHeaderFields": True,
        "desyncMitigationMode": "defensive",
        "enableDeletionProtection": True,
        "subnets": ["subnet-a", "subnet-b"],
        "accessLogs": {"bucket": "logs", "enabled": True},
    },
    name="balancer",
)
ASSOCIATION = Declared(
    "aws:wafv2/webAclAssociation:WebAclAssociation",
    {"resourceArn": BALANCER, "webAclArn": "arn:acl"},
    name="association",
)
HTTPS_OF_BALANCER = Declared(
    "aws:alb/listener:Listener", {"protocol": "HTTPS", "loadBalancerArn": BALANCER}, name="https"
)
HTTP_OF_BALANCER = Declared(
    "aws:lb/listener:Listener", {"protocol": "HTTP", "loadBalancerArn": BALANCER}, name="http"
)
GROUP = Declared("aws:ec2/securityGroup:SecurityGroup", {"description": "hosts"}, name="group")
DOOR = Declared(
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    {
        "securityGroupId": GROUP,
        "referencedSecurityGroupId": "sg-balancer",
        "ipProtocol": "tcp",
        "fromPort": 8080,
        "toPort": 8081,
    },
    name="door",
)
OLD_DOOR = Declared(
    "aws:ec2/securityGroupRule:SecurityGroupRule",
    {
        "securityGroupId": GROUP,
        "type": "ingress",
        "protocol": "tcp",
        "fromPort": 8080,
        "toPort": 8080,
    },
    name="old-door",
)
HOST = Declared("aws:ec2/instance:Instance", {"vpcSecurityGroupIds": [GROUP]}, name="host")
TARGETS = Declared("aws:lb/targetGroup:TargetGroup", {"port": 8080}, name="targets")
ATTACHMENT = Declared(
    "aws:alb/targetGroupAttachment:TargetGroupAttachment",
    {"targetGroupArn": TARGETS, "targetId": HOST},
    name="attachment",
)
SERVICE = Declared(
    "aws:ecs/service:Service",
    {
        "loadBalancers": [{"targetGroupArn": TARGETS, "containerName": "api"}],
        "networkConfiguration": {"securityGroups": [GROUP]},
    },
    name="service",
)
CLASSIC = Declared("aws:elb/loadBalancer:LoadBalancer", {"name": "old"}, name="classic")


def fixed(status: str) -> dict[str, Any]:
    return {"defaultActions": [{"type": "fixed-response", "fixedResponse": {"statusCode": status}}]}


BEHAVIOR = {
    "targetOriginId": "files",
    "viewerProtocolPolicy": "redirect-to-https",
    "responseHeadersPolicyId": "policy-1",
}
FILES = {
    "originId": "files",
    "domainName": "files.s3.eu-west-1.amazonaws.com",
    "originAccessControlId": "oac-1",
}
API = {
    "originId": "api",
    "domainName": "api.example.com",
    "customOriginConfig": {
        "originProtocolPolicy": "https-only",
        "originSslProtocols": ["TLSv1.2"],
    },
}
HIDDEN = {"originId": "hidden", "vpcOriginConfig": {"vpcOriginId": "vo-1"}}
DISTRIBUTION = Declared(
    "aws:cloudfront/distribution:Distribution",
    {
        "enabled": True,
        "defaultRootObject": "index.html",
        "webAclId": "arn:acl",
        "defaultCacheBehavior": BEHAVIOR,
        "orderedCacheBehaviors": [{**BEHAVIOR, "pathPattern": "/api/*", "targetOriginId": "api"}],
        "origins": [FILES, API, HIDDEN],
        "originGroups": [{"originId": "both"}],
        "loggingConfig": {"bucket": "logs.s3.amazonaws.com"},
        "viewerCertificate": {
            "acmCertificateArn": "arn:certificate",
            "sslSupportMethod": "sni-only",
            "minimumProtocolVersion": "TLSv1.2_2021",
        },
    },
    name="site",
)
LOG_SOURCE = Declared(
    "aws:cloudwatch/logDeliverySource:LogDeliverySource",
    {"resourceArn": DISTRIBUTION, "logType": "ACCESS_LOGS"},
    name="log-source",
)
NO_NAMES = {"viewerCertificate": {"cloudfrontDefaultCertificate": True}}


def rule(name: str, **parts: Any) -> dict[str, Any]:
    return {"name": name, "visibilityConfig": {"cloudwatchMetricsEnabled": True}, **parts}


def managed(name: str, **parts: Any) -> dict[str, Any]:
    statement = {"managedRuleGroupStatement": {"name": name, "vendorName": "AWS"}}
    return rule(name, statement=statement, overrideAction={"none": {}}, **parts)


COMMON = managed("AWSManagedRulesCommonRuleSet")
INPUTS = managed("AWSManagedRulesKnownBadInputsRuleSet")
RATE = rule("rate", statement={"rateBasedStatement": {"limit": 1000}}, action={"block": {}})
PROOF = rule(
    "without-proof",
    statement={
        "notStatement": {
            "statement": {
                "byteMatchStatement": {"fieldToMatch": {"singleHeader": {"name": "x-proof"}}}
            }
        }
    },
    action={"block": {}},
)
ACL = Declared(
    "aws:wafv2/webAcl:WebAcl",
    {
        "scope": "REGIONAL",
        "rules": [COMMON, INPUTS, RATE],
        "visibilityConfig": {"cloudwatchMetricsEnabled": True},
    },
    name="acl",
)
ACL_LOG = Declared(
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
    {
        "resourceArn": ACL,
        "redactedFields": [
            {"singleHeader": {"name": "authorization"}},
            {"singleHeader": {"name": "Cookie"}},
        ],
    },
    name="acl-log",
)


def as_json(*rules: dict[str, Any]) -> dict[str, Any]:
    """The rules as AWS's own JSON."""
    return {"rules": ABSENT, "ruleJson": json.dumps(rules)}


def aws_rule(statement: dict[str, Any], *, counted: bool = True, **parts: Any) -> dict[str, Any]:
    return {
        "Name": "one",
        "Statement": statement,
        "VisibilityConfig": {"CloudWatchMetricsEnabled": counted},
        **parts,
    }


AWS_COMMON = {"ManagedRuleGroupStatement": {"Name": "AWSManagedRulesCommonRuleSet"}}
AWS_INPUTS = {"ManagedRuleGroupStatement": {"Name": "AWSManagedRulesKnownBadInputsRuleSet"}}
AWS_RATE = {"RateBasedStatement": {"Limit": 1000}}

CASES = [
    Case(
        elb_http_redirects_to_https,
        [LISTENER],
        refused=[
            {"defaultActions": [{"type": "forward", "targetGroupArn": "arn:x"}]},
            {"defaultActions.0.redirect.protocol": "HTTP"},
            {"defaultActions.0.type": "forward"},
            fixed("200"),
            {"defaultActions": [{"type": "forward", "fixedResponse": {"statusCode": "403"}}]},
            as_type(
                "aws:elasticloadbalancingv2/listener:Listener",
                {"protocol": "HTTP", "defaultActions": [{"type": "forward"}]},
            ),
        ],
        unknown=unknown("defaultActions"),
        allowed=[
            {"protocol": "HTTPS", "defaultActions": [{"type": "forward"}]},
            fixed("403"),
            fixed("503"),
        ],
    ),
    Case(
        elb_https_uses_modern_tls,
        [TLS],
        refused=[
            {"sslPolicy": ABSENT},
            {"sslPolicy": "ELBSecurityPolicy-2016-08"},
            {"sslPolicy": "ELBSecurityPolicy-TLS13-1-0-2021-06"},
            {"sslPolicy": "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06"},
            {"protocol": "TLS", "sslPolicy": "ELBSecurityPolicy-TLS-1-1-2017-01"},
        ],
        unknown=unknown("sslPolicy"),
        allowed=[
            {"sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06"},
            {"sslPolicy": "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"},
            {"protocol": "HTTP", "sslPolicy": ABSENT},
        ],
    ),
    Case(
        elb_drops_invalid_headers,
        [BALANCER],
        refused=[
            {"dropInvalidHeaderFields": False},
            {"dropInvalidHeaderFields": ABSENT},
            {"dropInvalidHeaderFields": ABSENT, "loadBalancerType": ABSENT},
        ],
        unknown=unknown("dropInvalidHeaderFields"),
        allowed=[{"dropInvalidHeaderFields": ABSENT, "loadBalancerType": "network"}],
    ),
    Case(
        elb_desync_mitigated,
        [BALANCER],
        refused=[{"desyncMitigationMode": "monitor"}],
        unknown=unknown("desyncMitigationMode"),
        allowed=[{"desyncMitigationMode": ABSENT}, {"desyncMitigationMode": "strictest"}],
    ),
    Case(
        elb_access_logs,
        [BALANCER],
        refused=[{"accessLogs.enabled": False}, {"accessLogs": ABSENT}],
        unknown=unknown("accessLogs.enabled"),
    ),
    Case(
        elb_deletion_protected,
        [BALANCER],
        refused=[{"enableDeletionProtection": False}, {"enableDeletionProtection": ABSENT}],
        unknown=unknown("enableDeletionProtection"),
    ),
    Case(
        elb_several_zones,
        [BALANCER],
        refused=[{"subnets": ["subnet-a"]}, {"subnets": ABSENT}],
        unknown=unknown("subnets"),
        allowed=[{"subnets": ABSENT, "subnetMappings": [{"subnetId": "a"}, {"subnetId": "b"}]}],
    ),
    Case(
        elb_public_has_web_acl,
        [BALANCER, ASSOCIATION],
        refused=[
            without("association"),
            on("association", {"resourceArn": "arn:other"}),
            both({"internal": ABSENT, "loadBalancerType": ABSENT}, without("association")),
        ],
        unknown=both(without("association"), unknown("internal")),
        allowed=[
            both({"internal": True}, without("association")),
            both({"loadBalancerType": "network"}, without("association")),
        ],
    ),
    Case(
        elb_public_speaks_https,
        [BALANCER, HTTP_OF_BALANCER, HTTPS_OF_BALANCER],
        refused=[
            without("https"),
            on("https", {"protocol": "HTTP"}),
            on("https", {"loadBalancerArn": "arn:other"}),
            both({"internal": ABSENT, "loadBalancerType": ABSENT}, without("https")),
        ],
        unknown=on("https", unknown("protocol")),
        allowed=[
            both({"arn": "arn:lb"}, on("https", {"loadBalancerArn": "arn:lb"})),
            both({"internal": True}, without("https")),
            both({"loadBalancerType": "network"}, without("https")),
        ],
    ),
    Case(
        elb_target_group_checks_health,
        [Declared("aws:lb/targetGroup:TargetGroup", {"healthCheck": {"enabled": True}})],
        refused=[
            {"healthCheck.enabled": False},
            as_type("aws:alb/targetGroup:TargetGroup", {"healthCheck": {"enabled": False}}),
        ],
        unknown=unknown("healthCheck.enabled"),
        allowed=[{"healthCheck": ABSENT}],
    ),
    Case(
        elb_target_port_is_open,
        [TARGETS, ATTACHMENT, HOST, GROUP, DOOR],
        refused=[
            {"port": 8082},
            {"port": 8079},
            without("door"),
            on("door", {"securityGroupId": "sg-other"}),
            both(without("attachment"), plus(SERVICE), {"port": 9000}),
        ],
        unknown=unknown("port"),
        allowed=[
            {"port": 8081},
            both(without("door"), plus(OLD_DOOR)),
            both(without("attachment"), plus(SERVICE)),
            both(without("attachment"), {"port": 9000}),
            both(on("host", {"vpcSecurityGroupIds": ["sg-of-another-stack"]}), {"port": 9000}),
            both(
                without("door"),
                on(
                    "group",
                    {"ingress": [{"protocol": "tcp", "fromPort": 8080, "toPort": 8080}]},
                ),
            ),
        ],
    ),
    Case(
        elb_classic_not_used,
        [BALANCER],
        refused=[
            as_type("aws:elb/loadBalancer:LoadBalancer", {"name": "old"}),
            as_type("aws:elasticloadbalancing/loadBalancer:LoadBalancer", {}),
        ],
        unknown=as_type("aws:elb/loadBalancer:LoadBalancer", {"name": UNKNOWN}),
    ),
    Case(
        cloudfront_has_default_root_object,
        [DISTRIBUTION],
        refused=[{"defaultRootObject": ABSENT}, {"defaultRootObject": ""}],
        unknown=unknown("defaultRootObject"),
        allowed=[
            {"defaultRootObject": ABSENT, "defaultCacheBehavior.targetOriginId": "api"},
            {"defaultRootObject": ABSENT, "defaultCacheBehavior.targetOriginId": "hidden"},
        ],
    ),
    Case(
        cloudfront_viewers_use_https,
        [DISTRIBUTION],
        refused=[
            {"defaultCacheBehavior.viewerProtocolPolicy": "allow-all"},
            {"orderedCacheBehaviors.0.viewerProtocolPolicy": "allow-all"},
        ],
        unknown=unknown("defaultCacheBehavior.viewerProtocolPolicy"),
        allowed=[{"defaultCacheBehavior.viewerProtocolPolicy": "https-only"}],
    ),
    Case(
        cloudfront_origin_fails_over,
        [DISTRIBUTION],
        refused=[{"originGroups": ABSENT}, {"originGroups": []}],
        unknown=unknown("originGroups"),
    ),
    Case(
        cloudfront_logs,
        [DISTRIBUTION, LOG_SOURCE],
        refused=[
            both({"loggingConfig": ABSENT}, without("log-source")),
            both({"loggingConfig": ABSENT}, on("log-source", {"resourceArn": "arn:other"})),
        ],
        unknown=both(unknown("loggingConfig"), without("log-source")),
        allowed=[{"loggingConfig": ABSENT}, without("log-source")],
    ),
    Case(
        cloudfront_has_web_acl,
        [DISTRIBUTION],
        refused=[{"webAclId": ABSENT}, {"webAclId": ""}],
        unknown=unknown("webAclId"),
    ),
    Case(
        cloudfront_has_own_certificate,
        [DISTRIBUTION],
        refused=[
            NO_NAMES,
            {"viewerCertificate.acmCertificateArn": ABSENT},
            {"viewerCertificate.cloudfrontDefaultCertificate": True},
        ],
        unknown=unknown("viewerCertificate.acmCertificateArn"),
        allowed=[{"viewerCertificate": {"iamCertificateId": "old"}}],
    ),
    Case(
        cloudfront_uses_sni,
        [DISTRIBUTION],
        refused=[
            {"viewerCertificate.sslSupportMethod": "vip"},
            {"viewerCertificate.sslSupportMethod": ABSENT},
        ],
        unknown=unknown("viewerCertificate.sslSupportMethod"),
        allowed=[NO_NAMES],
    ),
    Case(
        cloudfront_uses_modern_tls,
        [DISTRIBUTION],
        refused=[
            {"viewerCertificate.minimumProtocolVersion": "TLSv1.1_2016"},
            {"viewerCertificate.minimumProtocolVersion": "TLSv1.2_2018"},
            {"viewerCertificate.minimumProtocolVersion": ABSENT},
        ],
        unknown=unknown("viewerCertificate.minimumProtocolVersion"),
        allowed=[NO_NAMES, {"viewerCertificate.minimumProtocolVersion": "TLSv1.3_2025"}],
    ),
    Case(
        cloudfront_reaches_origin_over_https,
        [DISTRIBUTION],
        refused=[
            {"origins.1.customOriginConfig.originProtocolPolicy": "http-only"},
            {"origins.1.customOriginConfig.originProtocolPolicy": "match-viewer"},
        ],
        unknown=unknown("origins.1.customOriginConfig.originProtocolPolicy"),
    ),
    Case(
        cloudfront_uses_modern_tls_to_origin,
        [DISTRIBUTION],
        refused=[
            {"origins.1.customOriginConfig.originSslProtocols": [old, "TLSv1.2"]}
            for old in ("SSLv3", "TLSv1", "TLSv1.1")
        ],
        unknown=unknown("origins.1.customOriginConfig.originSslProtocols"),
    ),
    Case(
        cloudfront_signs_requests_to_s3,
        [DISTRIBUTION],
        refused=[{"origins.0.originAccessControlId": ABSENT}],
        unknown=unknown("origins.0.originAccessControlId"),
    ),
    Case(
        cloudfront_sends_security_headers,
        [DISTRIBUTION],
        refused=[
            {"defaultCacheBehavior.responseHeadersPolicyId": ABSENT},
            {"orderedCacheBehaviors.0.responseHeadersPolicyId": ABSENT},
        ],
        unknown=unknown("defaultCacheBehavior.responseHeadersPolicyId"),
    ),
    Case(
        waf_acl_has_rules,
        [ACL],
        refused=[{"rules": ABSENT}, {"rules": []}, as_json()],
        unknown=unknown("rules"),
        allowed=[as_json(aws_rule(AWS_RATE))],
    ),
    Case(
        waf_acl_logs,
        [ACL, ACL_LOG],
        refused=[without("acl-log"), on("acl-log", {"resourceArn": "arn:other"})],
        decided="whether a log is declared for the web ACL is known from its references",
    ),
    Case(
        waf_rules_have_metrics,
        [ACL],
        refused=[
            {"rules.2.visibilityConfig.cloudwatchMetricsEnabled": False},
            {"visibilityConfig.cloudwatchMetricsEnabled": False},
            as_json(aws_rule(AWS_RATE, counted=False)),
            as_type(
                "aws:wafv2/ruleGroup:RuleGroup",
                {
                    "rulesJson": json.dumps([aws_rule(AWS_RATE, counted=False)]),
                    "visibilityConfig": {"cloudwatchMetricsEnabled": True},
                },
            ),
        ],
        unknown=unknown("visibilityConfig.cloudwatchMetricsEnabled"),
        allowed=[as_json(aws_rule(AWS_RATE))],
    ),
    Case(
        waf_acl_has_managed_rules,
        [ACL],
        refused=[
            {"rules": [COMMON, RATE]},
            {"rules": [INPUTS]},
            as_json(aws_rule(AWS_COMMON)),
        ],
        unknown=unknown("rules"),
        allowed=[as_json(aws_rule(AWS_COMMON), aws_rule(AWS_INPUTS))],
    ),
    Case(
        waf_managed_rules_block,
        [ACL],
        refused=[
            {"rules.0.overrideAction": {"count": {}}},
            as_json(aws_rule(AWS_COMMON, OverrideAction={"Count": {}})),
        ],
        unknown=unknown("rules"),
        allowed=[as_json(aws_rule(AWS_COMMON, OverrideAction={"None": {}}))],
    ),
    Case(
        waf_acl_limits_rate,
        [ACL],
        refused=[
            {"rules": [COMMON, INPUTS]},
            as_json(aws_rule(AWS_COMMON)),
            {"rules": [COMMON, {**PROOF, "action": {"count": {}}}]},
        ],
        unknown=unknown("rules"),
        allowed=[as_json(aws_rule(AWS_RATE)), {"rules": [COMMON, PROOF]}],
    ),
    Case(
        waf_log_redacts_credentials,
        [ACL_LOG, ACL],
        refused=[
            {"redactedFields": ABSENT},
            {"redactedFields": [{"singleHeader": {"name": "cookie"}}]},
            {"redactedFields": [{"singleHeader": {"name": "authorization"}}, {"method": {}}]},
        ],
        unknown=unknown("redactedFields"),
    ),
    Case(
        waf_classic_not_used,
        [ACL],
        refused=[
            as_type("aws:waf/webAcl:WebAcl", {"name": "old"}),
            as_type("aws:wafregional/ruleGroup:RuleGroup", {}),
        ],
        unknown=as_type("aws:waf/webAcl:WebAcl", {"name": UNKNOWN}),
    ),
]
