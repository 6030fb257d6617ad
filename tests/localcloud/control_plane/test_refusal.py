"""What moto cannot do is refused in one sentence that any client can read, and not tried again."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from werkzeug.serving import make_server

from tests.emulated_account import forget


@pytest.fixture(scope="module")
def client() -> Iterator[Callable[[str], Any]]:
    from moto.moto_server.werkzeug_app import create_backend_app

    from localcloud.control_plane import gaps
    from localcloud.control_plane.cloud import MotoCloud
    from localcloud.control_plane.server import Dispatcher, Guarded, QuietHandler

    gaps.fill()
    forget()
    asked: list[int] = []
    guarded = Guarded(Dispatcher(create_backend_app), MotoCloud("", asked.append))
    server = make_server("127.0.0.1", 0, guarded, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield lambda service: boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        region_name="eu-west-1",
        aws_access_key_id="emulated",
        aws_secret_access_key="emulated",
        config=Config(retries={"max_attempts": 1}, inject_host_prefix=False),
    )
    server.shutdown()
    thread.join()
    forget()


@pytest.mark.parametrize(
    ("service", "call", "arguments", "named"),
    [
        ("dlm", "get_lifecycle_policies", {}, "dlm GET /policies"),
        ("ec2", "describe_fast_snapshot_restores", {}, "ec2 DescribeFastSnapshotRestores"),
        ("rds", "describe_certificates", {}, "rds DescribeCertificates"),
        ("logs", "list_anomalies", {}, "logs ListAnomalies"),
        ("backup", "list_frameworks", {}, "backup GET /audit/frameworks"),
        ("cloudfront", "list_streaming_distributions", {}, "cloudfront GET"),
    ],
)
def test_it_is_named(
    client: Callable[[str], Any], service: str, call: str, arguments: dict[str, Any], named: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(client(service), call)(**arguments)

    answer = refused.value.response
    assert answer["Error"]["Code"] == "NotEmulated"
    assert named in answer["Error"]["Message"]
    assert "is not emulated on the local cloud" in answer["Error"]["Message"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_missing_record_is_still_the_services_own_error(client: Callable[[str], Any]) -> None:
    with pytest.raises(ClientError) as refused:
        client("s3").get_object(Bucket="absent", Key="absent")

    assert refused.value.response["Error"]["Code"] == "NoSuchBucket"
