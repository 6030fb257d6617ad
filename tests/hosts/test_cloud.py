"""What a host asks of AWS, against a small server that answers as AWS does."""

import datetime
import http.server
import io
import json
import os
import pwd
import re
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from hosts.programs import cloud
from hosts.programs.cloud import HopelessError

SECRETS: dict[str, str] = {
    "arn:jwt": "signing-key",
    "arn:db": json.dumps({"url": "postgresql://u:p%40s@db/x", "password": "p@s"}),
    "arn:pem": '-----BEGIN-----\nline "two" $HOME `id` \\ end\n-----END-----\n',
}


class Aws(http.server.BaseHTTPRequestHandler):
    """Metadata, secrets, parameters and objects; `failures` answers come first."""

    failures: list[tuple[int, str]]
    asked: list[Any]

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self, body: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_PUT(self) -> None:
        self._answer("a-token")

    def do_GET(self) -> None:
        answers = {
            "/latest/meta-data/iam/security-credentials/": "web",
            "/latest/meta-data/iam/security-credentials/web": json.dumps(
                {"AccessKeyId": "AKIA", "SecretAccessKey": "sk", "Token": "st"}
            ),
            "/latest/meta-data/placement/region": "eu-west-1",
            "/latest/meta-data/instance-id": "i-0abc",
        }
        if self.path in answers:
            assert self.headers["X-aws-ec2-metadata-token"] == "a-token"
            self._answer(answers[self.path])
            return
        self.asked.append(self.path)
        if self.failures:
            status, text = self.failures.pop(0)
            self._answer(text, status)
        elif self.path == "/artifacts/releases/a%20b.tar.gz":
            self._answer("content")
        else:
            self._answer("<Error><Code>NoSuchKey</Code></Error>", 404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.headers["X-Amz-Target"], body))
        assert self.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIA/")
        assert self.headers["X-Amz-Security-Token"] == "st"
        if self.failures:
            status, text = self.failures.pop(0)
            self._answer(text, status)
        elif self.headers["X-Amz-Target"] == "secretsmanager.GetSecretValue":
            self._answer(json.dumps({"SecretString": SECRETS[body["SecretId"]]}))
        else:
            self._answer("{}")


class Clock:
    """Goes on while somebody sleeps, and by nothing else: a busy machine takes no patience."""

    def __init__(self) -> None:
        self._now = 0.0

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Aws]]:
    class Own(Aws):
        failures: list[tuple[int, str]] = []  # noqa: RUF012 - one class a test
        asked: list[Any] = []  # noqa: RUF012

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Own)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)
    monkeypatch.setattr(cloud, "time", Clock())
    yield Own
    server.shutdown()
    server.server_close()


def specification(directory: Path) -> Path:
    file = directory / "secrets.json"
    me = pwd.getpwuid(os.geteuid()).pw_name
    told = {
        "user": me,
        "directory": str(directory / "run" / "notebook-api"),
        "variables": {
            "JWT_SECRET": {"arn": "arn:jwt"},
            "DATABASE_URL": {"arn": "arn:db", "field": "url"},
            "PEM": {"arn": "arn:pem"},
        },
        "files": {"CERT_PATH": {"arn": "arn:pem", "name": "cert.pem"}},
    }
    file.write_text(json.dumps(told))
    return file


@pytest.mark.parametrize(
    ("service", "signer", "url"),
    [
        ("s3", S3SigV4Auth, "https://files.s3.eu-west-1.amazonaws.com/a/b%20c.tar.gz"),
        ("secretsmanager", SigV4Auth, "https://secretsmanager.eu-west-1.amazonaws.com/"),
    ],
)
@pytest.mark.parametrize("token", [None, "session-token"])
def test_requests_are_signed_as_the_aws_sdk_signs_them(
    service: str, signer: type[SigV4Auth], url: str, token: str | None
) -> None:
    body = b'{"a": 1}'
    at = datetime.datetime(2026, 11, 22, 12, 0, 0, tzinfo=datetime.UTC)
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    ours = cloud.signed(
        "POST", url, service, body, headers, at, region="eu-west-1", keys=("AKIA", "sk", token)
    )

    request = AWSRequest("POST", url, data=body, headers=dict(headers))
    request.context["timestamp"] = at.strftime("%Y%m%dT%H%M%SZ")
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    if token:
        request.headers["X-Amz-Security-Token"] = token
    if service == "s3":
        request.headers["X-Amz-Content-SHA256"] = ours["X-Amz-Content-SHA256"]
    theirs = signer(Credentials("AKIA", "sk", token), service, "eu-west-1")
    signature = theirs.signature(
        theirs.string_to_sign(request, theirs.canonical_request(request)), request
    )
    assert ours["Authorization"].endswith(f"Signature={signature}")


def test_an_object_is_fetched_under_its_own_name(aws: type[Aws], tmp_path: Path) -> None:
    cloud.fetch_object("artifacts", "releases/a b.tar.gz", tmp_path / "file")

    assert (tmp_path / "file").read_text() == "content"


def test_a_missing_object_is_named_with_what_aws_says(aws: type[Aws], tmp_path: Path) -> None:
    with pytest.raises(HopelessError, match=r"s3://artifacts/none: 404 NoSuchKey"):
        cloud.fetch_object("artifacts", "none", tmp_path / "file")


def test_a_busy_service_is_asked_again(aws: type[Aws], tmp_path: Path) -> None:
    aws.failures += [(503, ""), (400, '{"__type": "com.amazon#ThrottlingException"}')]

    assert cloud.secret_value("arn:jwt", None) == "signing-key"
    assert len(aws.asked) == 3


def test_an_error_never_quotes_the_answer(aws: type[Aws]) -> None:
    aws.failures += [(400, '{"__type": "Oops", "message": "the-secret-itself"}')] * 100

    with pytest.raises(HopelessError) as hopeless:
        cloud.secret_value("arn:jwt", None)

    assert "arn:jwt: 400 Oops" in str(hopeless.value)
    assert "the-secret-itself" not in str(hopeless.value)


def test_a_missing_field_is_named_without_the_value(aws: type[Aws]) -> None:
    with pytest.raises(HopelessError) as hopeless:
        cloud.secret_value("arn:jwt", "url")

    assert str(hopeless.value) == "the secret arn:jwt has no field 'url'"


def test_secrets_lie_in_files_that_their_user_alone_can_read(
    aws: type[Aws], tmp_path: Path
) -> None:
    cloud.fetch_secrets(specification(tmp_path))

    directory = tmp_path / "run" / "notebook-api"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()}
    assert files == {"environment": 0o400, "environment.json": 0o400, "cert.pem": 0o400}
    assert (directory / "cert.pem").read_text() == SECRETS["arn:pem"]
    assert json.loads((directory / "environment.json").read_text()) == {
        "JWT_SECRET": "signing-key",
        "DATABASE_URL": "postgresql://u:p%40s@db/x",
        "PEM": SECRETS["arn:pem"],
        "CERT_PATH": str(directory / "cert.pem"),
    }


def test_secrets_are_fetched_anew_each_time(aws: type[Aws], tmp_path: Path) -> None:
    file = specification(tmp_path)
    cloud.fetch_secrets(file)
    cloud.fetch_secrets(file)

    assert len(list((tmp_path / "run" / "notebook-api").iterdir())) == 3


def test_the_host_key_is_published_once_under_the_instance_s_own_name(
    aws: type[Aws], tmp_path: Path
) -> None:
    key = tmp_path / "key.pub"
    key.write_text("ssh-ed25519 AAAAhost root@somewhere\n")

    cloud.publish_host_key("/groundwork/prod/host-keys", key)

    target, asked = aws.asked[0]
    assert target == "AmazonSSM.PutParameter"
    assert asked == {
        "Name": "/groundwork/prod/host-keys/i-0abc",
        "Value": "ssh-ed25519 AAAAhost",
        "Type": "String",
        "Overwrite": False,
    }


def test_a_second_host_key_is_refused_at_once(aws: type[Aws], tmp_path: Path) -> None:
    key = tmp_path / "key.pub"
    key.write_text("ssh-ed25519 AAAAother\n")
    aws.failures.append((400, '{"__type": "ParameterAlreadyExists"}'))

    with pytest.raises(HopelessError, match="i-0abc already holds a host key"):
        cloud.publish_host_key("/groundwork/prod/host-keys", key)
    assert len(aws.asked) == 1


def test_units_find_the_endpoint_where_logins_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine = tmp_path / "environment"
    machine.write_text('export OTHER=1\nAWS_ENDPOINT_URL="http://127.0.0.1:9"\n')
    monkeypatch.setattr(cloud, "Path", lambda path: machine if path == "/etc/environment" else None)

    assert cloud.endpoint("ssm") == "http://127.0.0.1:9"
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", "http://127.0.0.1:8")
    assert cloud.endpoint("ssm") == "http://127.0.0.1:8"


def test_a_site_s_pages_come_last_and_only_they_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("index.html", "assets/deep/app-1.js", "assets/font-1.woff2", "robots.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / ".sha256").write_text("of the archive")
    asked: list[tuple[str, str, str, bytes, dict[str, str], str | None]] = []

    def ask(
        service: str,
        method: str,
        url: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        signed_for: str | None = None,
    ) -> Any:
        asked.append((service, method, url, body, headers or {}, signed_for))
        return io.BytesIO()

    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(cloud, "ask", ask)
    cloud.publish_site("pages", "E123", tmp_path, ["/assets/*"])

    *puts, forgotten = asked
    base = "https://pages.s3.eu-west-1.amazonaws.com"
    assert [(url, headers["Cache-Control"]) for _, _, url, _, headers, _ in puts] == [
        (f"{base}/assets/deep/app-1.js", "public, max-age=31536000, immutable"),
        (f"{base}/assets/font-1.woff2", "public, max-age=31536000, immutable"),
        (f"{base}/robots.txt", "no-cache"),
        (f"{base}/index.html", "no-cache"),
    ]
    kinds = [headers["Content-Type"] for *_, headers, _ in puts]
    assert kinds[0].endswith("javascript; charset=utf-8") or kinds[0] == "application/javascript"
    assert kinds[1:] == ["font/woff2", "text/plain; charset=utf-8", "text/html; charset=utf-8"]
    assert not any(name.lower().startswith("x-amz-acl") for *_, names, _ in puts for name in names)
    service, method, url, body, _, signed_for = forgotten
    assert (service, method, signed_for) == ("cloudfront", "POST", "us-east-1")
    assert url == "https://cloudfront.amazonaws.com/2020-05-31/distribution/E123/invalidation"
    assert re.findall(r"<Path>(.*?)</Path>", body.decode()) == ["/", "/index.html", "/robots.txt"]
    assert "<Quantity>3</Quantity>" in body.decode()
