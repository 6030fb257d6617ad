import json
from dataclasses import replace
from typing import Any

import pulumi

from components.allowance import Allowance, LogIn, Upload
from components.web_acl import Proof, WebAcl, WebAclArgs
from tests.components.secrecy import is_secret
from tests.recording import Engine

ACL = "aws:wafv2/webAcl:WebAcl"
LOG = "aws:cloudwatch/logGroup:LogGroup"
LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
ALLOWANCE = Allowance(requests_a_minute=600)
ARGS = WebAclArgs(scope="CLOUDFRONT", allowance=ALLOWANCE, key_arn=None, log_days=30)


def build(engine: Engine, args: WebAclArgs = ARGS) -> None:
    engine.build(lambda: WebAcl("edge", args))


def rules(engine: Engine) -> dict[str, dict[str, Any]]:
    listed = engine.one(ACL)["rules"]
    return {rule["name"]: rule for rule in (listed["value"] if is_secret(listed) else listed)}


def test_known_attacks_are_turned_away(engine: Engine) -> None:
    build(engine)

    groups = [
        rule["statement"]["managedRuleGroupStatement"]["name"]
        for rule in rules(engine).values()
        if "managedRuleGroupStatement" in rule["statement"]
    ]
    assert groups == [
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesSQLiRuleSet",
    ]
    for rule in rules(engine).values():
        if "managedRuleGroupStatement" in rule["statement"]:
            assert rule["overrideAction"] == {"none": {}}


def test_a_flood_from_one_address_is_turned_away(engine: Engine) -> None:
    build(engine)

    rate = rules(engine)["rate"]
    assert rate["action"] == {"block": {}}
    assert rate["statement"]["rateBasedStatement"] == {
        "limit": 600,
        "evaluationWindowSec": 60,
        "aggregateKeyType": "IP",
    }


def test_sign_in_is_counted_more_strictly(engine: Engine) -> None:
    log_in = LogIn(host="api.example.com", path="/api/login", requests_a_minute=20)
    build(engine, replace(ARGS, allowance=replace(ALLOWANCE, log_ins=(log_in,))))

    guess = rules(engine)["log-in-api-example-com-api-login"]
    assert guess["action"] == {"block": {}}
    assert guess["priority"] < rules(engine)["rate"]["priority"]
    statement = guess["statement"]["rateBasedStatement"]
    assert (statement["limit"], statement["evaluationWindowSec"]) == (20, 60)
    host, path = (
        each["byteMatchStatement"]
        for each in statement["scopeDownStatement"]["andStatement"]["statements"]
    )
    assert (host["searchString"], host["positionalConstraint"]) == ("api.example.com", "EXACTLY")
    assert (path["searchString"], path["positionalConstraint"]) == ("/api/login", "STARTS_WITH")
    assert host["fieldToMatch"] == {"singleHeader": {"name": "host"}}


def test_less_than_the_firewall_can_count_is_left_to_the_hosts(engine: Engine) -> None:
    log_in = LogIn(host="a.test", path="/in", requests_a_minute=5)
    build(engine, replace(ARGS, allowance=replace(ALLOWANCE, log_ins=(log_in,))))

    assert rules(engine)["log-in-a-test-in"]["statement"]["rateBasedStatement"]["limit"] == 10


def test_addresses_of_the_edge_itself_are_not_counted(engine: Engine) -> None:
    build(engine, replace(ARGS, allowance=Allowance(requests_a_minute=None)))

    assert "rate" not in rules(engine)


UPLOADS = (
    Upload(host="api.example.com", path="/api/upload"),
    Upload(host="shop.example.com", path="/models"),
)


def test_an_upload_passes_and_no_other_large_body(engine: Engine) -> None:
    build(engine, replace(ARGS, allowance=replace(ALLOWANCE, uploads=UPLOADS)))

    common = rules(engine)["CommonRuleSet"]["statement"]["managedRuleGroupStatement"]
    assert common["ruleActionOverrides"] == [
        {"name": "SizeRestrictions_BODY", "actionToUse": {"count": {}}}
    ]
    large = rules(engine)["large-body"]
    assert large["action"] == {"block": {}}
    label, *elsewhere = large["statement"]["andStatement"]["statements"]
    assert label["labelMatchStatement"]["key"].endswith(":SizeRestrictions_Body")
    assert [exempted(part) for part in elsewhere] == [
        {"host": "api.example.com", "path": "/api/upload"},
        {"host": "shop.example.com", "path": "/models"},
    ]


def exempted(statement: dict[str, Any]) -> dict[str, str]:
    """What one negated statement is about: both must hold."""
    both = statement["notStatement"]["statement"]["andStatement"]["statements"]
    host, path = (each["byteMatchStatement"] for each in both)
    assert host["fieldToMatch"] == {"singleHeader": {"name": "host"}}
    assert (host["positionalConstraint"], path["positionalConstraint"]) == (
        "EXACTLY",
        "STARTS_WITH",
    )
    return {"host": host["searchString"], "path": path["searchString"]}


def test_a_label_is_looked_at_after_it_is_given(engine: Engine) -> None:
    build(engine, replace(ARGS, allowance=replace(ALLOWANCE, uploads=UPLOADS)))

    priority = {name: rule["priority"] for name, rule in rules(engine).items()}
    assert priority["large-body"] > priority["CommonRuleSet"]
    assert len(set(priority.values())) == len(priority)


def test_without_uploads_the_managed_limit_stands(engine: Engine) -> None:
    build(engine)

    common = rules(engine)["CommonRuleSet"]["statement"]["managedRuleGroupStatement"]
    assert not common["ruleActionOverrides"]
    assert "large-body" not in rules(engine)


def test_nobody_without_the_proof_is_listened_to(engine: Engine) -> None:
    proof = Proof(header="X-Origin-Proof", value=pulumi.Output.from_input("prove"))
    build(engine, replace(ARGS, scope="REGIONAL", proof=proof, protects={"balancer": "arn:lb"}))

    first = min(rules(engine).values(), key=lambda rule: rule["priority"])
    assert first["action"] == {"block": {}}
    match = first["statement"]["notStatement"]["statement"]["byteMatchStatement"]
    assert match["fieldToMatch"] == {"singleHeader": {"name": "x-origin-proof"}}
    assert match["positionalConstraint"] == "EXACTLY"
    assert engine.one(ASSOCIATION)["resourceArn"] == "arn:lb"


def test_the_proof_is_nowhere_in_plain_text(engine: Engine) -> None:
    proof = Proof(header="X-Origin-Proof", value=pulumi.Output.from_input("prove"))
    build(engine, replace(ARGS, proof=proof))

    acl = engine.one(ACL)
    assert "prove" not in json.dumps({k: v for k, v in acl.items() if not is_secret(v)})


def test_what_was_refused_is_on_record_without_its_credentials(engine: Engine) -> None:
    build(engine)

    log = engine.named(LOG, "aws-waf-logs-edge").inputs
    assert log["retentionInDays"] == 30
    logging = engine.one(LOGGING)
    redacted = {field["singleHeader"]["name"] for field in logging["redactedFields"]}
    assert {"authorization", "cookie", "x-origin-proof"} <= redacted
    assert logging["loggingFilter"]["defaultBehavior"] == "DROP"
