"""What boto3 asks of the control plane is what the proxy is told."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from moto.backends import get_backend

from localcloud.control_plane.reconciler import Cloud
from localcloud.load_balancer import wanted
from localcloud.load_balancer.model import Condition, Forward, Redirect, Respond
from tests.emulated_account import REGION, client, emulated_account


class Records:
    """Moto's records without the control plane around them."""

    def regions(self, service: str) -> list[str]:
        return [REGION]

    def backend(self, service: str, region: str) -> Any:
        return cast(Any, get_backend)(service)["123456789012"][region]


@pytest.fixture
def clients() -> Iterator[Any]:
    with emulated_account():
        yield client


def network(clients: Any) -> tuple[str, list[str]]:
    ec2 = clients("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return vpc, [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    ]


def balancer(clients: Any) -> dict[str, Any]:
    elb = clients("elbv2")
    vpc, subnets = network(clients)
    made = elb.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]
    group = elb.create_target_group(
        Name="web",
        Protocol="HTTP",
        Port=3000,
        VpcId=vpc,
        TargetType="ip",
        HealthCheckPath="/health",
        Matcher={"HttpCode": "200-204"},
    )["TargetGroups"][0]["TargetGroupArn"]
    return {"arn": made["LoadBalancerArn"], "group": group}


def read(arn: str) -> wanted.Wanted:
    records = cast(Cloud, Records())
    found = records.backend("elbv2", REGION).load_balancers[arn]
    found.place = ("10.0.0.9", "10.0.0.0/16", None)
    return wanted.read(records, REGION, found)


def test_rules_come_in_the_order_of_their_priorities(clients: Any) -> None:
    elb, made = clients("elbv2"), balancer(clients)
    listener = elb.create_listener(
        LoadBalancerArn=made["arn"],
        Port=80,
        Protocol="HTTP",
        DefaultActions=[
            {
                "Type": "redirect",
                "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
            }
        ],
    )["Listeners"][0]["ListenerArn"]
    for priority, path in ((20, "/late"), (3, "/early")):
        elb.create_rule(
            ListenerArn=listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}}],
            Actions=[{"Type": "forward", "TargetGroupArn": made["group"]}],
        )
    [found] = read(made["arn"]).balancer.listeners
    assert [rule.conditions for rule in found.rules] == [
        (Condition(field="path-pattern", values=("/early",)),),
        (Condition(field="path-pattern", values=("/late",)),),
    ]
    assert found.rules[0].action == Forward(weights=((wanted.group_name(made["group"]), 1),))
    assert found.default == Redirect(protocol="HTTPS", port="443", status=301)


def test_a_group_and_its_targets_are_known_once_a_rule_leads_there(clients: Any) -> None:
    elb, made = clients("elbv2"), balancer(clients)
    elb.register_targets(
        TargetGroupArn=made["group"], Targets=[{"Id": "10.0.1.7", "Port": 3001}, {"Id": "10.0.1.8"}]
    )
    assert read(made["arn"]).targets == ()
    elb.create_listener(
        LoadBalancerArn=made["arn"],
        Port=80,
        Protocol="HTTP",
        DefaultActions=[{"Type": "forward", "TargetGroupArn": made["group"]}],
    )
    one = read(made["arn"])
    name = wanted.group_name(made["group"])
    assert [(t.group, t.address, t.port) for t in one.targets] == [
        (name, "10.0.1.7", 3001),
        (name, "10.0.1.8", 3000),
    ]
    assert one.balancer.groups[name].health.statuses == "200-204"
    assert one.balancer.groups[name].health.path == "/health"


def test_a_certificate_of_acms_own_is_to_be_issued_here(clients: Any) -> None:
    elb, made = clients("elbv2"), balancer(clients)
    certificate = clients("acm").request_certificate(
        DomainName="shop.test", SubjectAlternativeNames=["www.shop.test"]
    )["CertificateArn"]
    elb.create_listener(
        LoadBalancerArn=made["arn"],
        Port=443,
        Protocol="HTTPS",
        SslPolicy="ELBSecurityPolicy-TLS13-1-3-2021-06",
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[
            {
                "Type": "fixed-response",
                "FixedResponseConfig": {"StatusCode": "404", "MessageBody": "Not found"},
            }
        ],
    )
    one = read(made["arn"])
    [issued] = one.certificates
    assert issued.names == ("shop.test", "www.shop.test")
    assert issued.pem is None
    [listener] = one.balancer.listeners
    assert listener.certificates == (issued.file,)
    assert listener.oldest_tls == "TLSv1.3"
    assert listener.default == Respond(status=404, body="Not found")


def test_a_load_balancer_changes_when_anything_about_it_does(clients: Any) -> None:
    elb, made = clients("elbv2"), balancer(clients)
    before = read(made["arn"])
    assert read(made["arn"]) == before
    elb.modify_load_balancer_attributes(
        LoadBalancerArn=made["arn"],
        Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "120"}],
    )
    assert read(made["arn"]) != before
