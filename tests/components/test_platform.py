"""Every stack of the project, and every combination of placement and edge, is built whole."""

import itertools
import json
from collections import Counter
from typing import Any

import pulumi
import pytest

from settings.problem import SettingsError
from tests.components.secrecy import opened
from tests.newer import refused_of
from tests.recording import Engine
from tests.stacks import STACKS, alone, built, platform_of, settings_of
from tests.urns import names_of, recorded

OPERATIONS = "groundwork-operations"
IMAGE = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/web@sha256:{'0' * 64}"
STORES = {
    "main": {"kind": "database", "instance_class": "db.t4g.micro"},
    "cache": {"kind": "cache", "node_type": "cache.t4g.small"},
}
PLACEMENTS: dict[str, dict[str, Any]] = {
    "hosts": {"kind": "hosts", "pools": {"web": "shared", "api": "shared"}},
    "ecs": {
        "kind": "ecs",
        "services": {
            "web": {"cpu": 256, "memory_mb": 512, "image": IMAGE},
            "api": {"cpu": 512, "memory_mb": 1024, "image": IMAGE, "max_count": 4},
        },
    },
}
EDGES: dict[str, dict[str, Any]] = {
    "vpc origin": {"kind": "cdn", "origin": "vpc"},
    "public origin": {"kind": "cdn", "origin": "public"},
    "load balancer": {"kind": "load-balancer"},
    "host": {"kind": "host", "pool": "shared"},
}
# A machine that answers by itself has no load balancer that tasks could be registered with.
COMBINATIONS = [pair for pair in itertools.product(PLACEMENTS, EDGES) if pair != ("ecs", "host")]


def changes(placement: str, edge: str) -> dict[str, Any]:
    return {
        "edge": EDGES[edge],
        # On hosts a release is looked for in the bucket; of tasks it names what they are.
        "releases": {"threed-generator": "1.0.0"} if placement == "ecs" else {},
        "applications": {
            "threed-generator": {
                "domain": "dev.3dgenerator.com",
                "placement": PLACEMENTS[placement],
                "stores": STORES,
            }
        },
    }


def combination(placement: str, edge: str) -> Engine:
    return built("dev", json.dumps(changes(placement, edge)))


def test_the_edge_sends_the_headers_that_the_application_asks_for() -> None:
    """It overrides what comes from the hosts: ingenio's DENY would become something weaker."""
    policy = built("prod").named(
        "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy", "ingenio-api"
    )

    assert policy.inputs["securityHeadersConfig"]["frameOptions"]["frameOption"] == "DENY"


def test_a_release_of_slow_starters_one_after_another_is_no_alarm() -> None:
    """Three hosts that may take two minutes each, and the time that a balancer takes to see it."""
    found = built("prod")

    def minutes(service: str) -> int:
        alarm = found.named(
            "aws:cloudwatch/metricAlarm:MetricAlarm", f"groundwork-{service}-unhealthy"
        )
        return alarm.inputs["evaluationPeriods"] * alarm.inputs["period"] // 60

    assert minutes("ingenio-api") > 3 * 2
    assert minutes("threed-generator-web") == 5


def test_the_edge_is_not_shut_out_where_visitors_speak_the_newest_tls_alone() -> None:
    """Nobody says that CloudFront speaks TLS 1.3 to whom it asks."""
    newest = built("prod", json.dumps({"oldest_tls": "TLSv1.3"}))

    listener = newest.named("aws:lb/listener:Listener", "groundwork")
    assert listener.inputs["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    edge = newest.named("aws:cloudfront/distribution:Distribution", "ingenio-api")
    assert edge.inputs["viewerCertificate"]["minimumProtocolVersion"] == "TLSv1.3_2025"


def test_the_firewall_behind_the_edge_counts_nobody() -> None:
    """All visitors come from the edge's few addresses: together they would soon be too many."""
    public = built("prod", json.dumps({"edge": EDGES["public origin"]}))

    acl = "aws:wafv2/webAcl:WebAcl"
    # The one behind holds the proof, which is a secret.
    behind = opened(public.named(acl, "groundwork").inputs["rules"])
    before = public.named(acl, "groundwork-edge").inputs["rules"]
    assert not any("rateBasedStatement" in rule["statement"] for rule in behind)
    counted = [rule["name"] for rule in before if "rateBasedStatement" in rule["statement"]]
    assert "rate" in counted
    assert any(name.startswith("log-in") for name in counted)


def test_another_deploy_key_replaces_no_machine() -> None:
    """AWS replaces one whose key has another name, or one that the engine does not know yet."""
    new = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "B" * 43
    before, after = built("dev"), built("dev", json.dumps({"deploy_keys": [new]}))

    pair = after.named("aws:ec2/keyPair:KeyPair", "groundwork")
    assert pair.inputs["publicKey"] == new
    assert pair.deletes_first
    for one in after.registered:
        if one.typ == "aws:ec2/instance:Instance":
            assert one.inputs["keyName"] == before.named(one.typ, one.name).inputs["keyName"]
            assert not one.references.get("keyName")
            assert pair.urn in one.dependencies


@pytest.mark.parametrize("stack", STACKS)
def test_whoever_may_come_in_is_let_out_where_he_comes_from(stack: str) -> None:
    """A group that AWS makes lets nobody out, and both ends of a passage are asked."""
    rules = {
        way: built(stack).of(f"aws:vpc/securityGroup{way}Rule:SecurityGroup{way}Rule")
        for way in ("Ingress", "Egress")
    }
    let_out = {
        (rule["securityGroupId"], rule.get("referencedSecurityGroupId"), rule["fromPort"])
        for rule in rules["Egress"]
    }
    come_in = {
        (source, rule["securityGroupId"], rule["fromPort"])
        for rule in rules["Ingress"]
        if (source := rule.get("referencedSecurityGroupId"))
    }
    assert come_in
    assert come_in <= let_out


@pytest.mark.parametrize("stack", STACKS)
def test_no_machine_boots_before_it_finds_its_way_out(stack: str) -> None:
    """Its first boot tells the world its key once, and gives up after two minutes: a NAT gateway
    takes as long to come."""
    engine = built(stack)

    ways = {
        one.urn
        for one in engine.registered
        if one.typ == "aws:ec2/route:Route"
        or (one.typ, one.inputs.get("vpcEndpointType"))
        == ("aws:ec2/vpcEndpoint:VpcEndpoint", "Interface")
    }
    machines = [one for one in engine.registered if one.typ == "aws:ec2/instance:Instance"]
    assert machines
    assert all(ways <= set(machine.dependencies) for machine in machines)


@pytest.mark.parametrize("stack", STACKS)
def test_the_names_of_every_resource_are_as_agreed(stack: str) -> None:
    assert names_of(stack) == recorded(stack), (
        "a name that goes takes its resource with it: give it an alias, "
        "then write the names anew with python -m tests.urns"
    )


@pytest.mark.parametrize("stack", STACKS)
def test_no_two_resources_have_one_name(stack: str) -> None:
    assert [name for name, count in Counter(names_of(stack)).items() if count > 1] == []


@pytest.mark.parametrize(("placement", "edge"), COMBINATIONS)
def test_every_combination_is_built(placement: str, edge: str) -> None:
    engine = combination(placement, edge)

    assert bool(engine.of("aws:ecs/service:Service")) is (placement == "ecs")
    assert bool(engine.of("aws:lb/listenerRule:ListenerRule")) is (edge != "host")
    assert bool(engine.of("aws:cloudfront/vpcOrigin:VpcOrigin")) is (edge == "vpc origin")


@pytest.mark.parametrize(("placement", "edge"), COMBINATIONS)
def test_the_older_provider_knows_all_that_a_combination_asks_for(
    placement: str, edge: str
) -> None:
    assert refused_of(combination(placement, edge).registered) == {}


def test_a_machine_alone_cannot_answer_for_tasks() -> None:
    with pytest.raises(SettingsError, match="edge host has no load balancer for it"):
        settings_of("dev", changes("ecs", "host"))


@pytest.mark.parametrize(("placement", "edge"), COMBINATIONS)
def test_the_world_comes_in_by_the_front_door_alone(placement: str, edge: str) -> None:
    open_ports = {
        rule["fromPort"]
        for rule in combination(placement, edge).of(
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
        )
        if rule.get("cidrIpv4") == "0.0.0.0/0"
    }
    assert open_ports == ({80, 443} if edge in ("load balancer", "host") else set())


def test_without_a_release_an_ecs_service_has_its_place_but_no_tasks() -> None:
    waiting = {**changes("ecs", "load balancer"), "releases": {}}
    waiting["applications"]["threed-generator"]["placement"] = {
        "kind": "ecs",
        "services": {"web": {}, "api": {}},
    }
    engine = built("dev", json.dumps(waiting))

    assert engine.of("aws:ecs/service:Service") == []
    assert len(engine.of("aws:lb/targetGroup:TargetGroup")) == 2
    assert len(engine.of("aws:ecr/repository:Repository")) == 2


def test_durable_things_are_protected_in_prod() -> None:
    kept = {resource.typ for resource in built("prod").registered if resource.protect}

    assert {
        "aws:rds/instance:Instance",
        "aws:elasticache/replicationGroup:ReplicationGroup",
        "aws:s3/bucket:Bucket",
        "aws:kms/key:Key",
    } <= kept


def test_a_person_learns_where_the_registrar_of_a_new_zone_has_to_lead(engine: Engine) -> None:
    seen: list[object] = []

    def program() -> None:
        platform = platform_of("local", alone("local", "ai-photo"))
        pulumi.Output.from_input(platform.outputs["name_servers"]).apply(seen.append)

    engine.build(program)

    assert seen == [{"aizhao.test": ["ns-1.awsdns.example", "ns-2.awsdns.example"]}]


def test_every_aws_resource_has_an_explicit_provider() -> None:
    assert [
        resource.urn
        for resource in built("prod").registered
        if resource.typ.startswith("aws:") and not resource.provider
    ] == []


def test_the_edge_keeps_its_own_in_the_region_that_it_needs() -> None:
    acl = next(
        resource
        for resource in built("prod").registered
        if resource.typ == "aws:wafv2/webAcl:WebAcl" and resource.inputs["scope"] == "CLOUDFRONT"
    )
    assert "groundwork-edge::" in acl.provider


def test_a_log_in_is_counted_on_every_name_that_it_is_reached_by() -> None:
    for stack, scope in (("prod", "CLOUDFRONT"), ("local", "REGIONAL")):
        acls = built(stack).of("aws:wafv2/webAcl:WebAcl")
        (acl,) = [one for one in acls if one["scope"] == scope]
        names = [rule["name"] for rule in acl["rules"] if rule["name"].startswith("log-in-")]
        domain = settings_of(stack).placed("ai-photo").domain.replace(".", "-")
        photo = [f"log-in-{host}{domain}-api-auth-login" for host in ("", "www-", "api-")]
        assert set(photo) < set(names)


def test_without_a_cdn_a_site_is_served_by_hosts_behind_the_load_balancer() -> None:
    engine = built("dev")
    group = engine.named("aws:lb/targetGroup:TargetGroup", "ai-notebook-web").inputs

    assert (group["port"], group["healthCheck"]["path"]) == (18000, "/site-health")
    attached = engine.of("aws:lb/targetGroupAttachment:TargetGroupAttachment")
    assert sum("ai-notebook-web" in one["targetGroupArn"] for one in attached) == 1
    (path,) = [
        rule["conditions"][1]["pathPattern"]["values"]
        for rule in engine.of("aws:lb/listenerRule:ListenerRule")
        if "ai-notebook-web" in rule["actions"][0].get("targetGroupArn", "")
    ]
    assert path == ["/*"]


def test_a_cdn_serves_a_site_from_its_bucket_and_the_rest_of_its_host_from_the_services() -> None:
    engine = built("prod")

    groups = {one.name for one in engine.registered if one.typ == "aws:lb/targetGroup:TargetGroup"}
    assert "ai-notebook-api" in groups
    assert "ai-notebook-web" not in groups
    edge = engine.named("aws:cloudfront/distribution:Distribution", "ai-notebook-app").inputs
    assert edge["defaultCacheBehavior"]["targetOriginId"] == "web"
    by_path = {one["pathPattern"]: one["targetOriginId"] for one in edge["orderedCacheBehaviors"]}
    assert by_path == {
        "/assets/*": "web",
        "/health": "services",
        "/api/*": "services",
        "/ws/*": "services",
        "/ws": "services",
    }


def test_the_load_balancer_waits_as_long_as_it_can_for_a_silent_websocket() -> None:
    assert built("prod").one("aws:lb/loadBalancer:LoadBalancer")["idleTimeout"] == 4000


def test_the_cdn_waits_for_an_answer_as_long_as_a_route_may_take_up_to_its_own_limit() -> None:
    waits = {
        origin["vpcOriginConfig"]["originReadTimeout"]
        for one in built("prod").of("aws:cloudfront/distribution:Distribution")
        for origin in one["origins"]
        if "vpcOriginConfig" in origin
    }
    # Of the 300 seconds that a model may take.
    assert waits == {120}


def test_management_paths_are_refused_at_the_load_balancer_but_for_plain_health() -> None:
    engine = built("prod")
    rules = {
        tuple(rule["conditions"][1]["pathPattern"]["values"]): (
            rule["priority"],
            rule["actions"][0],
        )
        for rule in engine.of("aws:lb/listenerRule:ListenerRule")
        if rule["conditions"][0]["hostHeader"]["values"] == ["api.ingenio.com"]
    }

    closed, response = rules[("/api/actuator*",)]
    assert response["type"] == "fixed-response"
    assert response["fixedResponse"]["statusCode"] == "403"
    health, forward = rules[("/api/actuator/health",)]
    assert forward["type"] == "forward"
    # The lower number is asked first.
    assert health < closed < rules[("/api/*",)][0]


def test_a_further_host_name_serves_a_bucket_of_its_own() -> None:
    edge = built("prod").named("aws:cloudfront/distribution:Distribution", "ingenio-preview").inputs

    assert edge["aliases"] == ["preview.ingenio.com"]
    assert edge["defaultCacheBehavior"]["targetOriginId"] == "previews"


def test_objects_kept_elsewhere_need_no_bucket_here() -> None:
    names = {one.name for one in built("prod").registered if one.typ == "aws:s3/bucket:Bucket"}

    assert {name for name in names if name.startswith("ai-photo")} == {"ai-photo-backups"}


def test_the_rights_of_two_more_applications_fit_into_the_operations_role() -> None:
    """AWS counts the inline policies of a role together, less their spaces, up to 10,240.

    Names get 8 characters more there, those of secrets 22 in all.
    """
    sizes: dict[str, int] = {}
    for one in built("prod").registered:
        if one.typ == "aws:iam/rolePolicy:RolePolicy" and one.inputs["role"] == OPERATIONS:
            policy = json.dumps(json.loads(one.inputs["policy"]), separators=(",", ":"))
            sizes[one.name] = (
                len(policy)
                + 8 * policy.count('"arn:')
                + 14 * policy.count('"arn:aws:secretsmanager:')
            )
    applications: Counter[str] = Counter()
    for name, size in sizes.items():
        if name != OPERATIONS:
            applications[name.removesuffix("-sites")] += size

    assert len(applications) == 5
    assert sum(sizes.values()) + 2 * max(applications.values()) <= 10_240


def test_the_operations_instance_adds_dumps_and_reads_them_and_deletes_none() -> None:
    policies = [
        one.inputs["policy"]
        for one in built("prod").registered
        if one.name.startswith("groundwork-operations-threed-generator")
        and one.typ == "aws:iam/rolePolicy:RolePolicy"
    ]

    assert len(policies) == 1
    statements = json.loads(policies[0])["Statement"]
    on_objects = [one for one in statements if any("s3:" in action for action in one["Action"])]
    actions = {action for one in on_objects for action in one["Action"]}
    assert {"s3:PutObject", "s3:GetObject", "s3:ListBucket"} <= actions
    assert not {action for action in actions if "Delete" in action}
    resources = {each for one in on_objects for each in one["Resource"] if "/" in each}
    assert all(each.endswith("/database/*") for each in resources), resources
