"""What is saved: everything but what surely only reads."""

from typing import Any

import pytest

from localcloud.control_plane.requests import action_of, only_reads

FORM = "application/x-www-form-urlencoded; charset=utf-8"


def query(body: str, **environ: str) -> tuple[dict[str, Any], bytes]:
    return {"REQUEST_METHOD": "POST", "CONTENT_TYPE": FORM, **environ}, body.encode()


def json_call(target: str) -> tuple[dict[str, Any], bytes]:
    return {"REQUEST_METHOD": "POST", "HTTP_X_AMZ_TARGET": target}, b"{}"


def rest(method: str) -> tuple[dict[str, Any], bytes]:
    return {"REQUEST_METHOD": method, "PATH_INFO": "/bucket/key"}, b""


@pytest.mark.parametrize(
    "request_",
    [
        query("Action=DescribeVpcs&Version=2016-11-15"),
        query("Version=2010-05-08&Action=GetRole&RoleName=host"),
        json_call("AmazonSSM.GetParameter"),
        json_call("secretsmanager.ListSecrets"),
        rest("GET"),
        rest("HEAD"),
    ],
)
def test_what_only_reads_is_not_saved(request_: tuple[dict[str, Any], bytes]) -> None:
    assert only_reads(*request_)


@pytest.mark.parametrize(
    "request_",
    [
        query("Action=CreateVpc&CidrBlock=10.0.0.0%2F16"),
        query("Action=GetSessionToken"),
        json_call("AmazonSSM.PutParameter"),
        json_call("DynamoDB_20120810.UpdateItem"),
        rest("PUT"),
        rest("DELETE"),
        rest("POST"),
    ],
)
def test_what_may_change_something_is_saved(request_: tuple[dict[str, Any], bytes]) -> None:
    assert not only_reads(*request_)


def test_a_value_that_looks_like_an_action_is_none() -> None:
    environ, body = query("Action=TagRole&Tags.member.1.Value=Action%3DGetRole")

    assert action_of(environ, body) == "TagRole"
