from collections.abc import Callable
from typing import Any

import boto3

Client = Callable[[str], Any]


def test_a_primary_key_stays_one_when_its_replica_is_looked_at(client: Client) -> None:
    kms = client("kms")
    elsewhere = boto3.client(
        "kms",
        region_name="eu-central-1",
        aws_access_key_id="emulated",
        aws_secret_access_key="emulated",
    )
    made = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=made, ReplicaRegion="eu-central-1")

    def kind(asked: Any) -> str:
        return asked.describe_key(KeyId=made)["KeyMetadata"]["MultiRegionConfiguration"][
            "MultiRegionKeyType"
        ]

    assert kind(elsewhere) == "REPLICA"
    assert kind(kms) == "PRIMARY"
