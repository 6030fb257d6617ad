from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Client = Callable[[str], Any]


def distribution(**changes: Any) -> dict[str, Any]:
    config: dict[str, Any] = {
        "CallerReference": "one",
        "Comment": "",
        "Enabled": True,
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "site",
                    "DomainName": "site.s3.amazonaws.com",
                    "OriginAccessControlId": "E123",
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "site",
            "ViewerProtocolPolicy": "redirect-to-https",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            "FunctionAssociations": {
                "Quantity": 1,
                "Items": [{"FunctionARN": "arn:of:function", "EventType": "viewer-request"}],
            },
        },
    }
    return {**config, **changes}


def test_a_distribution_keeps_its_access_control_functions_and_certificate(client: Client) -> None:
    front = client("cloudfront")

    made = front.create_distribution(DistributionConfig=distribution())["Distribution"]

    config = made["DistributionConfig"]
    assert config["Origins"]["Items"][0]["OriginAccessControlId"] == "E123"
    assert config["DefaultCacheBehavior"]["FunctionAssociations"]["Quantity"] == 1
    assert "ForwardedValues" not in config["DefaultCacheBehavior"]
    assert "SSLSupportMethod" not in config["ViewerCertificate"]


def test_a_vpc_origin_lives_and_dies(client: Client) -> None:
    front = client("cloudfront")
    endpoint = {
        "Name": "web",
        "Arn": "arn:of:balancer",
        "HTTPPort": 80,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "https-only",
    }

    made = front.create_vpc_origin(VpcOriginEndpointConfig=endpoint)
    name = made["VpcOrigin"]["Id"]
    changed = front.update_vpc_origin(
        Id=name, IfMatch=made["ETag"], VpcOriginEndpointConfig={**endpoint, "HTTPSPort": 8443}
    )

    shown = front.get_vpc_origin(Id=name)
    assert shown["VpcOrigin"]["VpcOriginEndpointConfig"]["HTTPSPort"] == 8443
    assert shown["VpcOrigin"]["Status"] == "Deployed"
    assert shown["ETag"] == changed["ETag"] != made["ETag"]
    assert front.list_vpc_origins()["VpcOriginList"]["Quantity"] == 1
    front.delete_vpc_origin(Id=name, IfMatch=shown["ETag"])
    with pytest.raises(ClientError, match="EntityNotFound"):
        front.get_vpc_origin(Id=name)


def test_an_origin_inside_the_network_is_kept(client: Client) -> None:
    front = client("cloudfront")
    origins = {
        "Quantity": 1,
        "Items": [
            {
                "Id": "site",
                "DomainName": "internal.elb.amazonaws.com",
                "VpcOriginConfig": {"VpcOriginId": "vo_1"},
            }
        ],
    }

    made = front.create_distribution(DistributionConfig=distribution(Origins=origins))

    (origin,) = made["Distribution"]["DistributionConfig"]["Origins"]["Items"]
    assert origin["VpcOriginConfig"]["VpcOriginId"] == "vo_1"


def test_a_headers_policy_is_kept_as_given(client: Client) -> None:
    front = client("cloudfront")
    config = {
        "Name": "security",
        "SecurityHeadersConfig": {"FrameOptions": {"Override": True, "FrameOption": "DENY"}},
    }

    made = front.create_response_headers_policy(ResponseHeadersPolicyConfig=config)

    shown = front.get_response_headers_policy(Id=made["ResponseHeadersPolicy"]["Id"])
    assert shown["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"] == config


def test_managed_policies_exist_as_in_every_account(client: Client) -> None:
    front = client("cloudfront")

    listed = front.list_cache_policies(Type="managed")["CachePolicyList"]["Items"]

    names = {item["CachePolicy"]["CachePolicyConfig"]["Name"] for item in listed}
    assert {"Managed-CachingOptimized", "Managed-CachingDisabled"} <= names


def test_a_function_is_live_only_once_published(client: Client) -> None:
    front = client("cloudfront")
    config = {"Comment": "", "Runtime": "cloudfront-js-2.0"}
    made = front.create_function(Name="page", FunctionConfig=config, FunctionCode=b"one")
    with pytest.raises(ClientError, match="NoSuchFunctionExists"):
        front.describe_function(Name="page", Stage="LIVE")

    changed = front.update_function(
        Name="page", IfMatch=made["ETag"], FunctionConfig=config, FunctionCode=b"two"
    )
    front.publish_function(Name="page", IfMatch=changed["ETag"])

    front.describe_function(Name="page", Stage="LIVE")
    assert front.get_function(Name="page")["FunctionCode"].read() == b"two"


def test_a_certificate_of_ones_own_is_not_the_default_one(client: Client) -> None:
    front = client("cloudfront")
    own = {"ACMCertificateArn": "arn:of:certificate", "SSLSupportMethod": "sni-only"}

    made = front.create_distribution(DistributionConfig=distribution(ViewerCertificate=own))

    certificate = made["Distribution"]["DistributionConfig"]["ViewerCertificate"]
    assert certificate["CloudFrontDefaultCertificate"] is False
