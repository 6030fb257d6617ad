"""What the engine made, read back from the cloud's own interfaces: is it what was promised?"""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from localcloud.paths import ROOT
from settings.load import stack_configuration
from tests.e2e.cloud import Cloud
from tests.urns import recorded

WORLD = "0.0.0.0/0"
RANGE = "10.30.0.0/16"
SSH, POSTGRES, MYSQL, REDIS = 22, 5432, 3306, 6379


class Account:
    """The emulated account, asked as anyone would ask AWS."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def client(self, service: str, region: str = "eu-west-1") -> Any:
        return boto3.client(
            service,
            endpoint_url=self._endpoint,
            region_name=region,
            aws_access_key_id="emulated",
            aws_secret_access_key="emulated",
        )

    @property
    def network(self) -> dict[str, Any]:
        of_the_stack = [{"Name": "cidr", "Values": [RANGE]}]
        (vpc,) = self.client("ec2").describe_vpcs(Filters=of_the_stack)["Vpcs"]
        return vpc

    def in_network(self, kind: str) -> list[dict[str, Any]]:
        """Subnets, RouteTables, SecurityGroups … of the stack's network."""
        words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind)
        describe = getattr(self.client("ec2"), f"describe{words}")
        return describe(Filters=[{"Name": "vpc-id", "Values": [self.network["VpcId"]]}])[kind]

    def subnets(self, tier: str) -> list[dict[str, Any]]:
        return [one for one in self.in_network("Subnets") if f"-{tier}-" in tags(one)["Name"]]

    def routes(self, subnet: dict[str, Any]) -> list[dict[str, Any]]:
        (table,) = [
            table
            for table in self.in_network("RouteTables")
            if any(one.get("SubnetId") == subnet["SubnetId"] for one in table["Associations"])
        ]
        return table["Routes"]

    def ways_in(self) -> list[dict[str, Any]]:
        groups = {group["GroupId"] for group in self.in_network("SecurityGroups")}
        rules = self.client("ec2").describe_security_group_rules()["SecurityGroupRules"]
        return [rule for rule in rules if rule["GroupId"] in groups and not rule["IsEgress"]]

    def instances(self) -> dict[str, dict[str, Any]]:
        running = [{"Name": "instance-state-name", "Values": ["running"]}]
        found = self.client("ec2").describe_instances(Filters=running)["Reservations"]
        return {tags(one)["Name"]: one for group in found for one in group["Instances"]}

    def databases(self) -> list[dict[str, Any]]:
        return self.client("rds").describe_db_instances()["DBInstances"]

    def primary_and_replica(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The 3D generator's: the one application here that reads from a replica."""
        (replica,) = [
            one for one in self.databases() if one.get("ReadReplicaSourceDBInstanceIdentifier")
        ]
        source = replica["ReadReplicaSourceDBInstanceIdentifier"]
        (primary,) = [one for one in self.databases() if one["DBInstanceIdentifier"] == source]
        return primary, replica

    def buckets(self) -> list[str]:
        """Those that the program made; the artifact bucket was there before it."""
        names = [bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]]
        return [name for name in names if not name.startswith("groundwork-artifacts-")]

    def key_arn(self) -> str:
        (key,) = self.client("kms").list_keys()["Keys"]
        return key["KeyArn"]

    def balancing_attributes(self, **of: str) -> dict[str, str]:
        """Of the load balancer, or of a target group."""
        balancing = self.client("elbv2")
        describe = (
            balancing.describe_load_balancer_attributes
            if "LoadBalancerArn" in of
            else balancing.describe_target_group_attributes
        )
        return {one["Key"]: one["Value"] for one in describe(**of)["Attributes"]}

    def listeners(self) -> dict[int, dict[str, Any]]:
        balancing = self.client("elbv2")
        (balancer,) = balancing.describe_load_balancers()["LoadBalancers"]
        found = balancing.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])
        return {listener["Port"]: listener for listener in found["Listeners"]}


def tags(of: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in of.get("Tags") or of.get("TagList") or ()}


def made_of(kind: str) -> list[str]:
    """The names of a kind that the program is known to give this stack."""
    return [name for name in recorded("local") if kind in name.rpartition("::")[0].split("$")]


@pytest.fixture(scope="module")
def account(platform: Cloud, first_up: str) -> Account:
    return Account(platform.endpoint)


def test_the_network_has_every_tier_in_every_zone(account: Account) -> None:
    for tier in ("public", "private", "isolated"):
        zones = {subnet["AvailabilityZone"] for subnet in account.subnets(tier)}
        assert zones == {"eu-west-1a", "eu-west-1b"}
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in account.in_network("Subnets"))


def test_names_resolve_in_the_network(account: Account) -> None:
    for attribute in ("enableDnsSupport", "enableDnsHostnames"):
        answer = account.client("ec2").describe_vpc_attribute(
            VpcId=account.network["VpcId"], Attribute=attribute
        )
        assert answer[attribute[0].upper() + attribute[1:]]["Value"] is True


def test_only_private_and_public_subnets_have_a_way_out(account: Account) -> None:
    def way_out(tier: str) -> list[str]:
        return [
            next(key for key in ("NatGatewayId", "GatewayId") if route.get(key))
            for subnet in account.subnets(tier)
            for route in account.routes(subnet)
            if route.get("DestinationCidrBlock") == WORLD
        ]

    assert way_out("public") == ["GatewayId", "GatewayId"]
    assert way_out("private") == ["NatGatewayId", "NatGatewayId"]
    assert way_out("isolated") == []


def test_objects_are_reached_without_leaving_the_network(account: Account) -> None:
    (endpoint,) = account.in_network("VpcEndpoints")
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert endpoint["ServiceName"].endswith(".s3")


def test_the_world_comes_in_by_the_ports_of_the_web_alone(account: Account) -> None:
    open_ports = {rule["FromPort"] for rule in account.ways_in() if rule.get("CidrIpv4") == WORLD}
    assert open_ports == {80, 443}


def test_stores_are_reached_by_named_groups_alone(account: Account) -> None:
    ways = [rule for rule in account.ways_in() if rule["FromPort"] in (POSTGRES, MYSQL, REDIS)]
    assert {rule["FromPort"] for rule in ways} == {POSTGRES, MYSQL, REDIS}
    assert all(rule.get("ReferencedGroupInfo") and not rule.get("CidrIpv4") for rule in ways)


def test_who_logs_in_comes_from_the_listed_range_or_the_jump_host(
    account: Account, platform: Cloud
) -> None:
    ways = [rule for rule in account.ways_in() if rule["FromPort"] == SSH]
    listed = [f"{platform.outside}/32"]
    assert [rule["CidrIpv4"] for rule in ways if rule.get("CidrIpv4")] == listed
    jump_hosts = {rule["ReferencedGroupInfo"]["GroupId"] for rule in ways if "CidrIpv4" not in rule}
    assert len(jump_hosts) == 1


def test_all_traffic_is_recorded(account: Account) -> None:
    flows = account.client("ec2").describe_flow_logs()["FlowLogs"]
    assert [flow["TrafficType"] for flow in flows] == ["ALL"]
    assert flows[0]["ResourceId"] == account.network["VpcId"]


def test_hosts_are_as_many_as_asked_private_and_spread_over_the_zones(account: Account) -> None:
    hosts = account.instances()
    pools = {f"{pool}-{zone}1" for pool in ("web", "api", "back") for zone in "ab"}
    assert set(hosts) == {*pools, "groundwork-operations"}
    assert [name for name, host in hosts.items() if host.get("PublicIpAddress")] == [
        "groundwork-operations"
    ]


def test_a_host_has_a_role_an_encrypted_disk_and_asks_for_session_tokens(account: Account) -> None:
    volumes = {
        volume["Attachments"][0]["InstanceId"]: volume
        for volume in account.client("ec2").describe_volumes()["Volumes"]
        if volume["Attachments"]
    }
    for host in account.instances().values():
        assert host["IamInstanceProfile"]["Arn"]
        assert host["MetadataOptions"]["HttpTokens"] == "required"
        disk = volumes[host["InstanceId"]]
        assert (disk["VolumeType"], disk["Encrypted"]) == ("gp3", True)
        assert disk["KmsKeyId"] == account.key_arn()


def test_the_database_is_private_encrypted_and_backed_up_and_has_its_replica(
    account: Account,
) -> None:
    isolated = {subnet["SubnetId"] for subnet in account.subnets("isolated")}
    primary, replica = account.primary_and_replica()
    assert primary["EngineVersion"].startswith("17.")
    assert primary["BackupRetentionPeriod"] == 1
    assert replica["ReadReplicaSourceDBInstanceIdentifier"] == primary["DBInstanceIdentifier"]
    for instance in account.databases():
        assert instance["PubliclyAccessible"] is False
        assert instance["StorageEncrypted"] is True
        assert instance["KmsKeyId"] == account.key_arn()
        placed = {one["SubnetIdentifier"] for one in instance["DBSubnetGroup"]["Subnets"]}
        assert placed == isolated


def test_the_database_has_the_parameters_of_the_application(account: Account) -> None:
    primary, _ = account.primary_and_replica()
    pages = account.client("rds").get_paginator("describe_db_parameters")
    set_by_us = {
        parameter["ParameterName"]: parameter["ParameterValue"]
        for page in pages.paginate(
            DBParameterGroupName=primary["DBParameterGroups"][0]["DBParameterGroupName"],
            Source="user",
        )
        for parameter in page["Parameters"]
    }
    assert set_by_us["max_connections"] == "200"
    assert set_by_us["log_min_duration_statement"] == "1000"
    assert set_by_us["rds.force_ssl"] == "1"
    assert "shared_buffers" not in set_by_us


def test_caches_want_tls_and_a_token(account: Account) -> None:
    caches = account.client("elasticache").describe_replication_groups()["ReplicationGroups"]
    assert len(caches) == len(made_of("aws:elasticache/replicationGroup:ReplicationGroup"))
    for cache in caches:
        assert cache["TransitEncryptionEnabled"] is True
        assert cache["AtRestEncryptionEnabled"] is True
        assert cache["AuthTokenEnabled"] is True
        assert {log["LogType"] for log in cache["LogDeliveryConfigurations"]} == {
            "slow-log",
            "engine-log",
        }
    (kept,) = [
        cache["SnapshotRetentionLimit"]
        for cache in caches
        if cache["ReplicationGroupId"].startswith("threed-generator")
    ]
    assert kept == 7


def test_no_bucket_is_public_and_each_keeps_what_is_overwritten(account: Account) -> None:
    s3 = account.client("s3")
    assert len(account.buckets()) >= 3
    for bucket in account.buckets():
        block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        assert set(block.values()) == {True}
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def test_buckets_are_encrypted_and_refuse_plain_http(account: Account) -> None:
    s3 = account.client("s3")
    for bucket in account.buckets():
        rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
        default = rules["Rules"][0]["ApplyServerSideEncryptionByDefault"]
        # A load balancer writes its log with S3's own key or not at all.
        logs = bucket.startswith("groundwork-logs-")
        assert default.get("KMSMasterKeyID") == (None if logs else account.key_arn())
        policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        assert any(
            statement["Effect"] == "Deny"
            and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            for statement in policy["Statement"]
        )


def test_dumps_and_copies_go_after_their_days(account: Account) -> None:
    bucket = next(name for name in account.buckets() if "threed-generator-backups" in name)
    rules = account.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    days = {
        rule["Filter"]["Prefix"]: rule["Expiration"]["Days"]
        for rule in rules
        if "Expiration" in rule
    }
    assert days == {"database/": 30, "models/": 90}


def test_pages_of_the_application_alone_may_use_the_bucket(account: Account) -> None:
    bucket = next(name for name in account.buckets() if "-models-" in name)
    (rule,) = account.client("s3").get_bucket_cors(Bucket=bucket)["CORSRules"]
    assert rule["AllowedOrigins"] == ["https://3dgenerator.test"]
    assert rule["AllowedMethods"] == ["GET", "HEAD", "PUT"]
    assert rule["ExposeHeaders"] == ["ETag"]


def test_every_secret_has_a_value_under_the_key_of_the_stack(account: Account) -> None:
    store = account.client("secretsmanager")
    secrets = store.list_secrets(MaxResults=100)["SecretList"]
    assert len(secrets) == len(made_of("aws:secretsmanager/secret:Secret"))
    for secret in secrets:
        assert secret["KmsKeyId"] == account.key_arn()
        assert store.get_secret_value(SecretId=secret["ARN"])["SecretString"]


def test_each_database_role_has_a_way_in_of_its_own_over_tls(account: Account) -> None:
    store = account.client("secretsmanager")
    connections = [
        json.loads(store.get_secret_value(SecretId=secret["ARN"])["SecretString"])
        for secret in store.list_secrets(MaxResults=100)["SecretList"]
        if "threed-generator-main-roles-" in secret["Name"]
    ]
    assert {one["username"] for one in connections} == {
        "generator_owner",
        "generator_owner_backup",
        "prod_user",
        "readonly_user",
    }
    assert len({one["password"] for one in connections}) == 4
    for one in connections:
        assert "sslmode=" in one["url"]
        assert one["dbname"] == "3dgenerator_local"
        assert ("replica" in one["host"]) is (one["username"] == "readonly_user")


def test_the_key_rotates(account: Account) -> None:
    kms = account.client("kms")
    (key,) = kms.list_keys()["Keys"]
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is True


def test_plain_http_is_sent_to_tls_and_what_no_rule_knows_is_not_found(account: Account) -> None:
    listeners = account.listeners()
    assert set(listeners) == {80, 443}
    (redirect,) = listeners[80]["DefaultActions"]
    assert redirect["RedirectConfig"]["Protocol"] == "HTTPS"
    assert redirect["RedirectConfig"]["StatusCode"] == "HTTP_301"
    assert redirect["RedirectConfig"]["Host"] == "#{host}"
    assert listeners[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    (otherwise,) = listeners[443]["DefaultActions"]
    assert otherwise["FixedResponseConfig"]["StatusCode"] == "404"


def test_the_load_balancer_stands_in_every_zone_and_drops_what_no_browser_sends(
    account: Account,
) -> None:
    (balancer,) = account.client("elbv2").describe_load_balancers()["LoadBalancers"]
    zones = {zone["ZoneName"] for zone in balancer["AvailabilityZones"]}
    assert zones == {"eu-west-1a", "eu-west-1b"}
    attributes = account.balancing_attributes(LoadBalancerArn=balancer["LoadBalancerArn"])
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    # A WebSocket of AI NoteBook may be silent for a day: so long as a load balancer can.
    assert attributes["idle_timeout.timeout_seconds"] == "4000"


def test_who_asked_for_what_is_on_record_for_a_while(account: Account) -> None:
    (balancer,) = account.client("elbv2").describe_load_balancers()["LoadBalancers"]
    attributes = account.balancing_attributes(LoadBalancerArn=balancer["LoadBalancerArn"])
    assert attributes["access_logs.s3.enabled"] == "true"
    rules = account.client("s3").get_bucket_lifecycle_configuration(
        Bucket=attributes["access_logs.s3.bucket"]
    )["Rules"]
    assert [rule["Expiration"]["Days"] for rule in rules if "Expiration" in rule] == [14]


def test_each_service_is_balanced_as_its_application_says_and_binds_no_client(
    account: Account,
) -> None:
    groups = account.client("elbv2").describe_target_groups()["TargetGroups"]
    attributes = {
        group["TargetGroupName"].rsplit("-", 1)[0]: account.balancing_attributes(
            TargetGroupArn=group["TargetGroupArn"]
        )
        for group in groups
    }
    assert {one["stickiness.enabled"] for one in attributes.values()} == {"false"}
    least = {
        name
        for name, one in attributes.items()
        if one["load_balancing.algorithm.type"] == "least_outstanding_requests"
    }
    assert least == {"ai-notebook-api", "ai-photo-api", "ai-photo-web"}


def test_requests_go_by_host_and_path_to_their_service(account: Account) -> None:
    balancing = account.client("elbv2")
    found = balancing.describe_rules(ListenerArn=account.listeners()[443]["ListenerArn"])["Rules"]
    rules = sorted(
        # A rule that refuses by itself leads nowhere.
        (
            rule
            for rule in found
            if not rule["IsDefault"] and rule["Actions"][0]["Type"] == "forward"
        ),
        key=lambda rule: int(rule["Priority"]),
    )
    leads = [
        (
            *(value(rule, kind) for kind in ("HostHeaderConfig", "PathPatternConfig")),
            rule["Actions"][0]["TargetGroupArn"].split("/")[1].rsplit("-", 1)[0],
        )
        for rule in rules
    ]
    assert ("api.3dgenerator.test", "/*", "threed-generator-api") in leads
    assert ("3dgenerator.test", "/*", "threed-generator-web") in leads
    assert leads.index(("api.3dgenerator.test", "/ws", "threed-generator-api")) < leads.index(
        ("api.3dgenerator.test", "/*", "threed-generator-api")
    )


def value(rule: dict[str, Any], kind: str) -> str:
    (found,) = [one[kind]["Values"] for one in rule["Conditions"] if kind in one]
    return found[0]


def test_a_service_is_checked_by_its_light_path_on_every_host_of_its_pool(account: Account) -> None:
    balancing = account.client("elbv2")
    hosts = account.instances()
    groups = [
        group
        for group in balancing.describe_target_groups()["TargetGroups"]
        if group["TargetGroupName"].startswith("threed-generator-")
    ]
    assert len(groups) == 2
    for group in groups:
        pool = "api" if "-api-" in group["TargetGroupName"] else "web"
        assert group["HealthCheckPath"] == "/health"
        # The local stack asks every five seconds, and AWS wants an answer before that.
        assert (group["HealthCheckIntervalSeconds"], group["HealthCheckTimeoutSeconds"]) == (5, 4)
        health = balancing.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
        targets = {one["Target"]["Id"] for one in health["TargetHealthDescriptions"]}
        assert targets == {hosts[f"{pool}-a1"]["InstanceId"], hosts[f"{pool}-b1"]["InstanceId"]}


def test_every_public_name_is_published_and_covered_by_a_certificate(account: Account) -> None:
    names = {"3dgenerator.test", "api.3dgenerator.test", "cdn.3dgenerator.test"}
    dns = account.client("route53")
    (zone,) = [
        zone
        for zone in dns.list_hosted_zones()["HostedZones"]
        if zone["Name"] == "3dgenerator.test."
    ]
    records = dns.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    assert {one["Name"].rstrip(".") for one in records if "AliasTarget" in one} == names
    covered: set[str] = set()
    for region in ("eu-west-1", "us-east-1"):
        certificates = account.client("acm", region)
        for one in certificates.list_certificates()["CertificateSummaryList"]:
            details = certificates.describe_certificate(CertificateArn=one["CertificateArn"])
            covered |= set(details["Certificate"]["SubjectAlternativeNames"])
    assert names <= covered


def test_media_come_from_a_bucket_that_only_its_distribution_reads(account: Account) -> None:
    found = account.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    (distribution,) = [one for one in found if "cdn.3dgenerator.test" in one["Aliases"]["Items"]]
    assert distribution["Aliases"]["Items"] == ["cdn.3dgenerator.test"]
    assert distribution["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    assert distribution["DefaultCacheBehavior"]["Compress"] is True
    assert distribution["HttpVersion"] == "http2and3"
    assert distribution["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert ":us-east-1:" in distribution["ViewerCertificate"]["ACMCertificateArn"]
    assert ":us-east-1:" in distribution["WebACLId"]
    bucket = distribution["Origins"]["Items"][0]["DomainName"].split(".")[0]
    policy = json.loads(account.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    readers = [
        statement["Condition"]["StringEquals"]["aws:SourceArn"]
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
    ]
    assert readers == [distribution["ARN"]]


def test_a_further_name_leads_to_a_bucket_of_its_own(account: Account) -> None:
    found = account.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    (preview,) = [one for one in found if "preview.ingenio.test" in one["Aliases"]["Items"]]
    (origin,) = preview["Origins"]["Items"]
    assert origin["DomainName"].startswith("ingenio-previews-")
    dns = account.client("route53")
    (zone,) = [
        one for one in dns.list_hosted_zones()["HostedZones"] if one["Name"] == "ingenio.test."
    ]
    records = dns.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    leads = {one["Name"]: one["AliasTarget"]["DNSName"] for one in records if "AliasTarget" in one}
    assert leads["preview.ingenio.test."].rstrip(".") == preview["DomainName"]


def test_known_attacks_and_floods_are_turned_away(account: Account) -> None:
    firewall = account.client("wafv2")
    (acl,) = firewall.list_web_acls(Scope="REGIONAL")["WebACLs"]
    rules = firewall.get_web_acl(Name=acl["Name"], Scope="REGIONAL", Id=acl["Id"])["WebACL"][
        "Rules"
    ]
    statements = [rule["Statement"] for rule in rules]
    managed = {
        one["ManagedRuleGroupStatement"]["Name"]
        for one in statements
        if "ManagedRuleGroupStatement" in one
    }
    assert {"AWSManagedRulesCommonRuleSet", "AWSManagedRulesSQLiRuleSet"} <= managed
    assert any("RateBasedStatement" in one for one in statements)
    log_ins = {rule["Name"] for rule in rules if rule["Name"].startswith("log-in-")}
    assert {f"log-in-{host}aizhao-test-api-auth-login" for host in ("", "www-", "api-")} < log_ins


def test_no_log_is_kept_for_ever_or_in_the_clear(account: Account) -> None:
    groups = account.client("logs").describe_log_groups()["logGroups"]
    assert len(groups) >= 8
    for group in groups:
        assert group["retentionInDays"] <= 365
        assert group["kmsKeyId"] == account.key_arn()


def test_every_alarm_reaches_the_person_named_in_the_stack_file(account: Account) -> None:
    alarms = account.client("cloudwatch").describe_alarms()["MetricAlarms"]
    # An alarm on a share of something has two measures in place of one.
    namespaces = {alarm["Namespace"] for alarm in alarms if "Namespace" in alarm}
    assert {"AWS/RDS", "AWS/ElastiCache", "AWS/ApplicationELB", "AWS/EC2"} <= namespaces
    (topic,) = {action for alarm in alarms for action in alarm["AlarmActions"]}
    told = [
        (one["Protocol"], one["Endpoint"])
        for one in account.client("sns").list_subscriptions()["Subscriptions"]
        if one["TopicArn"] == topic
    ]
    assert told == [("email", "alerts@3dgenerator.test")]


def test_every_alarm_is_drawn_on_the_dashboard(account: Account) -> None:
    watch = account.client("cloudwatch")
    body = watch.get_dashboard(DashboardName="groundwork-local")["DashboardBody"]

    drawn = [
        arn
        for widget in json.loads(body)["widgets"]
        for arn in widget["properties"].get("annotations", {}).get("alarms", [])
    ]
    known = [alarm["AlarmArn"] for alarm in watch.describe_alarms()["MetricAlarms"]]
    assert sorted(drawn) == sorted(known)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(lambda account: [account.network], id="network"),
        pytest.param(lambda account: account.in_network("Subnets"), id="subnets"),
        pytest.param(lambda account: list(account.instances().values()), id="instances"),
        pytest.param(lambda account: account.databases(), id="databases"),
    ],
)
def test_what_is_made_says_whose_it_is(
    account: Account, found: Callable[[Account], list[dict[str, Any]]]
) -> None:
    owner = load_owner()
    for one in found(account):
        assert {"project": "groundwork", "stack": "local", "owner": owner}.items() <= tags(
            one
        ).items()
        assert tags(one)["managed-by"] == "pulumi"
        assert {"application", "component"} <= set(tags(one))


def load_owner() -> str:
    return stack_configuration("local", ROOT)["groundwork:owner"]
