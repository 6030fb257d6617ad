#!/usr/bin/python3
"""What a host asks of AWS with its own role: its secrets, an artifact, to publish its key; and on
the operations instance, that the CDN serves a site's new files.

Needs only Python's standard library, so that it also works in the first seconds of a machine.
Honours AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE> as the AWS tools do.
"""

from __future__ import annotations

import argparse
import datetime
import fnmatch
import hashlib
import hmac
import json
import mimetypes
import os
import pwd
import re
import shutil
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

PATIENCE = float(os.environ.get("GROUNDWORK_PATIENCE", "120"))
"""Seconds for a role to become known, a name to resolve, or a throttled service to answer."""


class RefusedError(Exception):
    """An answer that is an error: status and AWS's name for it, never a body, which may quote."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}".strip())
        self.code = code


class HopelessError(Exception):
    """Something that more patience does not help; its text is for a person and holds no secret."""


def setting(name: str) -> str | None:
    """A variable of this process, or else of the machine: units do not read /etc/environment."""
    if name in os.environ:
        return os.environ[name]
    machine = Path("/etc/environment")
    for line in machine.read_text().splitlines() if machine.exists() else ():
        key, equals, value = line.removeprefix("export ").partition("=")
        if equals and key.strip() == name:
            return value.strip().strip("\"'")
    return None


# -- who this machine is --------------------------------------------------------------------


def metadata(path: str) -> str:
    """An answer of the instance metadata service, version 2."""
    service = setting("AWS_EC2_METADATA_SERVICE_ENDPOINT") or "http://169.254.169.254"
    ask = urllib.request.Request(  # noqa: S310 - a fixed http address
        f"{service.rstrip('/')}/latest/api/token",
        method="PUT",
        headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"},
    )
    with urllib.request.urlopen(ask, timeout=5) as answer:  # noqa: S310
        token = answer.read().decode()
    ask = urllib.request.Request(  # noqa: S310
        f"{service.rstrip('/')}/latest/meta-data/{path}",
        headers={"X-aws-ec2-metadata-token": token},
    )
    with urllib.request.urlopen(ask, timeout=5) as answer:  # noqa: S310
        return answer.read().decode()


def region() -> str:
    return setting("AWS_REGION") or setting("AWS_DEFAULT_REGION") or metadata("placement/region")


def credentials() -> tuple[str, str, str | None]:
    """Access key, secret key and session token of the instance's role."""
    given = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if given[0] and given[1]:
        return given[0], given[1], os.environ.get("AWS_SESSION_TOKEN")
    role = metadata("iam/security-credentials/").strip()
    found = json.loads(metadata(f"iam/security-credentials/{role}"))
    return found["AccessKeyId"], found["SecretAccessKey"], found["Token"]


# -- how it asks ----------------------------------------------------------------------------


def signed(
    method: str,
    url: str,
    service: str,
    body: bytes,
    headers: Mapping[str, str],
    at: datetime.datetime,
    *,
    region: str,
    keys: tuple[str, str, str | None],
) -> dict[str, str]:
    """The headers of a request with AWS Signature Version 4."""
    access, secret, token = keys
    parts = urllib.parse.urlsplit(url)
    digest = hashlib.sha256(body).hexdigest()
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    all_headers = {**headers, "Host": parts.netloc, "X-Amz-Date": stamp}
    if service == "s3":
        all_headers["X-Amz-Content-SHA256"] = digest
    if token:
        all_headers["X-Amz-Security-Token"] = token
    canonical = sorted((name.lower(), value.strip()) for name, value in all_headers.items())
    names = ";".join(name for name, _ in canonical)
    request = "\n".join(
        [
            method,
            parts.path or "/",
            parts.query,
            *(f"{name}:{value}" for name, value in canonical),
            "",
            names,
            digest,
        ]
    )
    hashed = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}"
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return {
        **all_headers,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={access}/{scope}, "
        f"SignedHeaders={names}, Signature={key.hex()}",
    }


def endpoint(service: str) -> str | None:
    return setting(f"AWS_ENDPOINT_URL_{service.upper()}") or setting("AWS_ENDPOINT_URL")


def ask(
    service: str,
    method: str,
    url: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    signed_for: str | None = None,
) -> Any:
    """The open answer of one signed request; some services are signed for one region alone."""
    request = urllib.request.Request(  # noqa: S310 - https, or the endpoint that was set
        url,
        data=body if method != "GET" else None,
        method=method,
        headers=signed(
            method,
            url,
            service,
            body,
            headers or {},
            datetime.datetime.now(datetime.UTC),
            region=signed_for or region(),
            keys=credentials(),
        ),
    )
    try:
        return urllib.request.urlopen(request, timeout=30)  # noqa: S310
    except urllib.error.HTTPError as error:
        raise RefusedError(error.code, error_code(error.read().decode(errors="replace"))) from None


def error_code(body: str) -> str:
    """The name of an error in the JSON or XML of an AWS service."""
    found = re.search(r'"__type":\s*"(?:[^"]*#)?(\w+)"|<Code>(\w+)</Code>', body)
    return next(filter(None, found.groups()), "") if found else ""


def call(service: str, target: str, action: str, **arguments: Any) -> dict[str, Any]:
    """One action of a service that speaks JSON."""
    url = endpoint(service) or f"https://{service}.{region()}.amazonaws.com"
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"{target}.{action}",
    }
    with ask(service, "POST", f"{url}/", json.dumps(arguments).encode(), headers) as answer:
        return json.loads(answer.read())


def patiently(what: str, attempt: Any) -> Any:
    """Tried again until it works: roles, names and throttles come round within a minute or two."""
    deadline = time.monotonic() + PATIENCE
    pause = 0.5
    while True:
        try:
            return attempt()
        except (RefusedError, OSError, ValueError) as error:
            reason = str(error) or type(error).__name__
        if time.monotonic() + pause > deadline:
            raise HopelessError(f"{what}: {reason}")
        time.sleep(pause)
        pause = min(pause * 2, 8)


# -- what it is for -------------------------------------------------------------------------


def object_url(bucket: str, key: str) -> str:
    base = endpoint("s3")
    host = f"{base}/{bucket}" if base else f"https://{bucket}.s3.{region()}.amazonaws.com"
    return f"{host}/{urllib.parse.quote(key)}"


def fetch_object(bucket: str, key: str, file: Path) -> None:
    def attempt() -> None:
        url = object_url(bucket, key)
        with ask("s3", "GET", url) as answer, file.open("wb") as target:
            shutil.copyfileobj(answer, target, 1 << 20)

    patiently(f"cannot fetch s3://{bucket}/{key}", attempt)


IMMUTABLE = "public, max-age=31536000, immutable"


def publish_site(bucket: str, distribution: str, directory: Path, immutable: list[str]) -> None:
    """What a page asks for is there before the page; what was there before stays.

    Fingerprinted files first and pages last; then the CDN forgets all that may have changed.
    """
    files = {
        str(path.relative_to(directory)): path
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name != ".sha256"
    }
    kept = {key for key in files if any(fnmatch.fnmatchcase(f"/{key}", one) for one in immutable)}
    for key in sorted(files, key=lambda key: (key not in kept, key.endswith(".html"), key)):
        put_object(bucket, key, files[key], IMMUTABLE if key in kept else "no-cache")
    changing = sorted({f"/{key}" for key in files.keys() - kept} | {"/"})
    patiently(f"cannot refresh {distribution}", lambda: forget(distribution, changing))


def put_object(bucket: str, key: str, file: Path, caching: str) -> None:
    kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind in ("application/json", "image/svg+xml")
    headers = {
        "Content-Type": f"{kind}; charset=utf-8" if text else kind,
        "Cache-Control": caching,
    }

    def attempt() -> None:
        ask("s3", "PUT", object_url(bucket, key), file.read_bytes(), headers).close()

    patiently(f"cannot put s3://{bucket}/{key}", attempt)


def forget(distribution: str, paths: list[str]) -> None:
    """An invalidation (CloudFront API reference, CreateInvalidation)."""
    base = endpoint("cloudfront") or "https://cloudfront.amazonaws.com"
    items = "".join(f"<Path>{escape(urllib.parse.quote(path))}</Path>" for path in paths)
    asked_at = datetime.datetime.now(datetime.UTC).isoformat()
    body = (
        '<InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">'
        f"<CallerReference>{asked_at}</CallerReference>"
        f"<Paths><Items>{items}</Items><Quantity>{len(paths)}</Quantity></Paths>"
        "</InvalidationBatch>"
    )
    ask(
        "cloudfront",
        "POST",
        f"{base}/2020-05-31/distribution/{distribution}/invalidation",
        body.encode(),
        {"Content-Type": "application/xml"},
        # A service of the whole world, signed for the region that it is run from.
        signed_for="us-east-1",
    ).close()


def secret_value(arn: str, field: str | None) -> str:
    """A secret, or one field of a secret that is a JSON object."""
    answer = patiently(
        f"cannot read the secret {arn}",
        lambda: call("secretsmanager", "secretsmanager", "GetSecretValue", SecretId=arn),
    )
    text: str = answer["SecretString"]
    if field is None:
        return text
    try:
        return str(json.loads(text)[field])
    except (ValueError, KeyError, TypeError):
        raise HopelessError(f"the secret {arn} has no field {field!r}") from None


def as_environment(variables: Mapping[str, str]) -> str:
    """The form that systemd's EnvironmentFile= reads, new lines included."""
    escaped = str.maketrans({letter: f"\\{letter}" for letter in '\\"`$'})
    return "".join(f'{name}="{value.translate(escaped)}"\n' for name, value in variables.items())


def put(path: Path, content: str, owner: pwd.struct_passwd) -> None:
    """Appears whole, and readable by its owner alone from its first moment."""
    fresh = path.with_name(f".{path.name}.fresh")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(handle, "w") as file:
        file.write(content)
    os.chown(fresh, owner.pw_uid, owner.pw_gid)
    fresh.replace(path)


def fetch_secrets(specification: Path) -> None:
    """Everything that one service must know, into files that only memory holds."""
    wanted = json.loads(specification.read_text())
    owner = pwd.getpwnam(wanted["user"])
    directory = Path(wanted["directory"])
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chown(directory, owner.pw_uid, owner.pw_gid)
    values = {
        name: secret_value(source["arn"], source.get("field"))
        for name, source in sorted(wanted["variables"].items())
    }
    for name, source in sorted(wanted["files"].items()):
        path = directory / source["name"]
        put(path, secret_value(source["arn"], source.get("field")), owner)
        values[name] = str(path)
    put(directory / "environment", as_environment(values), owner)
    put(directory / "environment.json", json.dumps(values), owner)


def publish_host_key(prefix: str, public_key: Path) -> None:
    """The public half of this machine's SSH key, once: another one later is refused."""
    kind, key = public_key.read_text().split()[:2]

    def attempt() -> None:
        name = f"{prefix}/{metadata('instance-id')}"
        try:
            call(
                "ssm",
                "AmazonSSM",
                "PutParameter",
                Name=name,
                Value=f"{kind} {key}",
                Type="String",
                Overwrite=False,
            )
        except RefusedError as refused:
            if refused.code != "ParameterAlreadyExists":
                raise
            raise HopelessError(f"the parameter {name} already holds a host key") from None

    patiently(f"cannot publish the host key under {prefix}", attempt)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    fetch = actions.add_parser("fetch-object")
    fetch.add_argument("bucket")
    fetch.add_argument("key")
    fetch.add_argument("file", type=Path)
    secrets = actions.add_parser("fetch-secrets")
    secrets.add_argument("specification", type=Path)
    read = actions.add_parser("read-secret")  # into a pipe; never on a screen
    read.add_argument("arn")
    site = actions.add_parser("publish-site")
    site.add_argument("bucket")
    site.add_argument("distribution")
    site.add_argument("directory", type=Path)
    site.add_argument("immutable", nargs="*")
    publish = actions.add_parser("publish-host-key")
    publish.add_argument("prefix")
    publish.add_argument("public_key", type=Path)
    given = parser.parse_args()
    try:
        if given.action == "fetch-object":
            fetch_object(given.bucket, given.key, given.file)
        elif given.action == "fetch-secrets":
            fetch_secrets(given.specification)
        elif given.action == "publish-site":
            publish_site(given.bucket, given.distribution, given.directory, given.immutable)
        elif given.action == "read-secret":
            print(secret_value(given.arn, None), end="")
        else:
            publish_host_key(given.prefix, given.public_key)
    except HopelessError as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
