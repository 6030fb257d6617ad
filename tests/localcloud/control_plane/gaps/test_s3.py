import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Client = Callable[[str], Any]
HERE = {"LocationConstraint": "eu-west-1"}


def test_replication_is_kept_as_given(client: Client) -> None:
    s3 = client("s3")
    for name in ("the-data", "the-copies"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=HERE)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    rule: dict[str, Any] = {
        "ID": "models",
        "Priority": 3,
        "Status": "Enabled",
        "Filter": {"Prefix": "models/"},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": "arn:aws:s3:::the-copies", "StorageClass": "STANDARD_IA"},
    }

    s3.put_bucket_replication(
        Bucket="the-data", ReplicationConfiguration={"Role": "arn:of:role", "Rules": [rule]}
    )

    shown = s3.get_bucket_replication(Bucket="the-data")["ReplicationConfiguration"]
    assert shown["Rules"] == [rule]


def test_a_bucket_can_be_emptied_once_its_versioning_is_suspended(client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="the-data", CreateBucketConfiguration=HERE)
    s3.put_bucket_versioning(Bucket="the-data", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="the-data", Key="gone", Body=b"-")
    s3.delete_object(Bucket="the-data", Key="gone")
    s3.put_bucket_versioning(Bucket="the-data", VersioningConfiguration={"Status": "Suspended"})
    listed = s3.list_object_versions(Bucket="the-data")
    objects = [
        {"Key": one["Key"], "VersionId": one["VersionId"]}
        for one in [*listed["Versions"], *listed["DeleteMarkers"]]
    ]

    s3.delete_objects(Bucket="the-data", Delete={"Objects": objects})

    s3.delete_bucket(Bucket="the-data")


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect: str, principal: Any, **more: Any) -> dict[str, Any]:
    everything = ["arn:aws:s3:::guarded", "arn:aws:s3:::guarded/*"]
    base = {"Effect": effect, "Principal": principal, "Action": "s3:*", "Resource": everything}
    return {**base, **more}


def over_tls(wanted: str) -> dict[str, Any]:
    return {"Bool": {"aws:SecureTransport": wanted}}


def test_a_bucket_that_refuses_requests_without_tls_takes_those_that_are_made(
    client: Client,
) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="guarded", CreateBucketConfiguration=HERE)
    reader = statement(
        "Allow",
        {"Service": "cloudfront.amazonaws.com"},
        Action=["s3:GetObject"],
        Condition={"StringEquals": {"aws:SourceArn": "arn:aws:cloudfront::1:distribution/A"}},
    )
    no_tls = statement("Deny", "*", Condition=over_tls("false"))
    s3.put_bucket_policy(Bucket="guarded", Policy=policy(no_tls, reader))

    s3.put_object(Bucket="guarded", Key="kept", Body=b"content")
    assert s3.get_object(Bucket="guarded", Key="kept")["Body"].read() == b"content"


@pytest.mark.parametrize("condition", [{}, {"Condition": over_tls("true")}])
@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}])
def test_what_a_bucket_refuses_to_everybody_it_refuses(
    client: Client, principal: Any, condition: dict[str, Any]
) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="guarded", CreateBucketConfiguration=HERE)
    refusal = statement("Deny", principal, **condition)
    s3.put_bucket_policy(Bucket="guarded", Policy=policy(refusal))

    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket="guarded", Key="kept", Body=b"content")
