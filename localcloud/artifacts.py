"""What a person puts into an account once: the artifact bucket and its contents."""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from bootstrap.runtimes import Runtime, pack_node, pack_pm2, stack_entry
from localcloud.error import LocalCloudError
from localcloud.paths import ROOT, cache
from settings import load
from settings.problem import SettingsError
from settings.stack import RuntimeArchive, Stack

# Machines of the local cloud are copies of this one.
ARCHITECTURE = "x86_64"


@dataclass(frozen=True)
class Artifact:
    """A file and where it lies in the bucket."""

    key: str
    path: Path


@dataclass(frozen=True, kw_only=True)
class Artifacts:
    """Packed on this machine; the stack's work copy names the runtimes by their digests."""

    bucket: str
    region: str
    runtimes: dict[str, dict[str, object]]
    files: tuple[Artifact, ...]


RELEASES = "releases/"
DIGEST = ".sha256"

# The small applications that a local stack serves, in the shape of the real ones, and their packer.
SMALL = ROOT / "tests" / "apps"
PACKER = "tests.apps.pack"


def packed(stack: Stack, say: Callable[[str], None]) -> Artifacts:
    """Runtimes and releases that a stack names; what was packed before is in the cache."""
    runtimes = [_runtime(name, wanted, say) for name, wanted in stack.runtimes.items()]
    releases = [
        release
        for application, version in stack.releases.items()
        for release in _release(application, version, say)
    ]
    return Artifacts(
        bucket=stack.artifacts,
        region=stack.region,
        runtimes=stack_entry(runtimes),
        files=(*(Artifact(runtime.key, runtime.path) for runtime in runtimes), *releases),
    )


def upload(artifacts: Artifacts, endpoint: str) -> None:
    """The bucket exists, versioned, and holds every file: runtimes as they are now, and of
    releases those that were not published yet, since a version never changes."""
    s3: Any = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=artifacts.region,
        aws_access_key_id="emulated",
        aws_secret_access_key="emulated",  # noqa: S106 - the emulated account has no keys
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 3}),
    )
    try:
        s3.head_bucket(Bucket=artifacts.bucket)
    except ClientError:
        s3.create_bucket(
            Bucket=artifacts.bucket,
            CreateBucketConfiguration={"LocationConstraint": artifacts.region},
        )
        s3.put_bucket_versioning(
            Bucket=artifacts.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        s3.put_public_access_block(
            Bucket=artifacts.bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
        )
    for artifact in artifacts.files:
        body = artifact.path.read_bytes()
        digest = hashlib.sha256(body).hexdigest()
        if artifact.key.startswith(RELEASES):
            # A version is for ever what it was when it was published, which its digest ends.
            published = f"{artifact.key.removesuffix(DIGEST)}{DIGEST}"
            there = _digest_there(s3, artifacts.bucket, published) is not None
        else:
            there = _digest_there(s3, artifacts.bucket, artifact.key) == digest
        if not there:
            s3.put_object(
                Bucket=artifacts.bucket,
                Key=artifact.key,
                Body=body,
                Metadata={"sha256": digest},
            )


def published(
    stack: Stack, application: str, version: str, say: Callable[[str], None]
) -> Artifacts:
    """A version of a small application, packed for the bucket."""
    files = _release(application, version, say)
    if not files:
        known = sorted(path.name for path in SMALL.iterdir() if (path / "api").is_dir())
        raise LocalCloudError(
            f"There is no small application {application} to pack.",
            f"There are {', '.join(known)}. Any other is published from a file: FILE=…",
        )
    return Artifacts(bucket=stack.artifacts, region=stack.region, runtimes={}, files=tuple(files))


def stack_of(name: str) -> Stack:
    """A stack's settings, before its secrets are known."""
    try:
        return load.stack(name, load.stack_configuration(name))
    except SettingsError as error:
        raise LocalCloudError(str(error), "Nothing has been touched.") from None


def _release(application: str, version: str, say: Callable[[str], None]) -> list[Artifact]:
    """Every file of a version, where there is a small application of that name."""
    if not (SMALL / application).is_dir():
        return []
    say(f"packing {application} {version}")
    folder = cache() / "releases"
    folder.mkdir(parents=True, exist_ok=True)
    # Another cloud may pack the same: each does so apart, and puts whole files into their places.
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        done = subprocess.run(
            [sys.executable, "-m", PACKER, application, "--out", scratch, version],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip().removeprefix("error: ") or "it said nothing"
            raise LocalCloudError(f"{application} {version} cannot be packed: {said}")
        made = sorted((Path(scratch) / RELEASES / application / version).iterdir())
        keys = [path.relative_to(scratch).as_posix() for path in made]
        for key, path in zip(keys, made, strict=True):
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            path.replace(folder / key)
    return [Artifact(key, folder / key) for key in keys]


def _digest_there(s3: Any, bucket: str, key: str) -> str | None:
    try:
        return s3.head_object(Bucket=bucket, Key=key)["Metadata"].get("sha256", "")
    except ClientError:
        return None


def _runtime(name: str, wanted: RuntimeArchive, say: Callable[[str], None]) -> Runtime:
    folder = cache() / "runtimes"
    path = folder / f"{name.split('-')[0]}-{wanted.version}-{ARCHITECTURE}.tar.gz"
    if path.is_file():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return Runtime(
            name=name,
            version=wanted.version,
            architecture=ARCHITECTURE,
            path=path,
            sha256=digest,
        )
    say(f"packing {name} {wanted.version} for the hosts")
    pack = pack_pm2 if name == "pm2" else pack_node
    return pack(wanted.version, ARCHITECTURE, folder)
