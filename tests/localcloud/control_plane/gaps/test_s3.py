from collections.abc import Callable
from typing import Any

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
