"""The guards that every other test relies on are there."""

import os
import signal
import socket

import pulumi
import pulumi_aws as aws
import pulumi_random as random
import pytest

from tests.conftest import NetworkRefused, pytest_runtest_call
from tests.recording import Engine


@pytest.mark.parametrize("host", ["192.0.2.1", "example.com", "2001:db8::1"])
def test_a_unit_test_cannot_reach_the_network(host: str) -> None:
    with pytest.raises(NetworkRefused):
        socket.create_connection((host, 80), timeout=1)


def test_a_unit_test_can_reach_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


def test_no_aws_credentials_are_within_reach() -> None:
    # Nor the keys that moto sets, which open nothing: it works for one test at a time.
    names = {"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
    assert not names & set(os.environ)
    assert os.environ["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_a_signal_that_a_test_took_over_is_given_back() -> None:
    number = signal.SIGHUP
    before = signal.getsignal(number)
    around = pytest_runtest_call()
    next(around)
    signal.signal(number, lambda *_: None)
    with pytest.raises(StopIteration):
        around.send(None)

    assert signal.getsignal(number) is before


def test_options_are_recorded_with_the_inputs(engine: Engine) -> None:
    def program() -> None:
        password = random.RandomPassword("owner", length=32)
        aws.s3.Bucket(
            "data",
            bucket=password.result,
            opts=pulumi.ResourceOptions(protect=True, ignore_changes=["tags"]),
        )

    engine.build(program)

    data = engine.named("aws:s3/bucket:Bucket", "data")
    assert data.protect
    assert data.ignored_changes == ("tags",)
    assert data.dependencies == (
        engine.named("random:index/randomPassword:RandomPassword", "owner").urn,
    )
    assert engine.one("aws:s3/bucket:Bucket")["bucket"] == "generated-owner"


def test_a_call_without_a_prepared_answer_fails(engine: Engine) -> None:
    with pytest.raises(Exception, match="no answer is prepared for aws:s3/getBucket"):
        engine.build(lambda: aws.s3.get_bucket(bucket="x"))
