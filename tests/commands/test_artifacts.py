"""Published versions: whole, unchanged for ever, and only what a host can unpack."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commands.artifacts import Artifacts, checked
from commands.cloud import Cloud
from commands.error import CommandError
from tests.emulated_account import REGION, client, emulated_account

PARTS = {"api": "tar.gz", "web": "tar.gz"}
KEY = "releases/notebook/1.4.2/api.tar.gz"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with emulated_account():
        s3 = client("s3")
        s3.create_bucket(
            Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        monkeypatch.setattr(Cloud, "client", lambda *_: s3)
        yield s3


@pytest.fixture
def artifacts(s3: Any) -> Artifacts:
    assert s3
    return Artifacts(Cloud("eu-west-1"), "artifacts")


def archive(folder: Path, content: bytes = b"1", name: str = "main.js") -> Path:
    path = folder / f"{hashlib.sha256(content).hexdigest()[:6]}.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return path


def test_a_published_file_has_its_digest_beside_it(
    artifacts: Artifacts, s3: Any, tmp_path: Path
) -> None:
    file = archive(tmp_path)

    assert artifacts.publish(file, KEY)

    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    said = s3.get_object(Bucket="artifacts", Key=f"{KEY}.sha256")["Body"].read().decode()
    assert said == f"{digest}  api.tar.gz\n"
    assert s3.get_object(Bucket="artifacts", Key=KEY)["Body"].read() == file.read_bytes()


def test_the_same_file_again_is_nothing_new_and_another_one_is_refused(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    file = archive(tmp_path)
    artifacts.publish(file, KEY)

    assert not artifacts.publish(file, KEY)
    with pytest.raises(CommandError, match="other contents"):
        artifacts.publish(archive(tmp_path, b"2"), KEY)


def test_a_version_counts_only_when_every_part_and_digest_is_there(
    artifacts: Artifacts, s3: Any, tmp_path: Path
) -> None:
    artifacts.publish(archive(tmp_path), KEY)
    artifacts.publish(archive(tmp_path), "releases/notebook/1.4.1/api.tar.gz")

    with pytest.raises(CommandError) as refused:
        artifacts.refuse_missing("notebook", "1.4.2", PARTS)
    assert "releases/notebook/1.4.2/web.tar.gz" in refused.value.what
    assert "It has the versions 1.4.1, 1.4.2." in refused.value.what
    assert "make publish" in refused.value.todo

    artifacts.publish(archive(tmp_path), "releases/notebook/1.4.2/web.tar.gz")
    artifacts.refuse_missing("notebook", "1.4.2", PARTS)
    s3.delete_object(Bucket="artifacts", Key=f"{KEY}.sha256")
    with pytest.raises(CommandError, match=r"api\.tar\.gz\.sha256"):
        artifacts.refuse_missing("notebook", "1.4.2", PARTS)


def test_a_bucket_that_is_not_there_is_said_in_a_line(s3: Any) -> None:
    assert s3
    with pytest.raises(CommandError, match="AWS refuses ListObjectsV2"):
        Artifacts(Cloud("eu-west-1"), "nothing-here").versions("notebook")


def test_what_hosts_could_not_unpack_is_refused_before_it_is_published(tmp_path: Path) -> None:
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(archive(tmp_path, b"x" * 4096).read_bytes()[:60])
    plain = tmp_path / "plain.tar.gz"
    plain.write_bytes(gzip.compress(b"no archive"))
    jar = tmp_path / "app.jar"
    jar.write_bytes(b"no zip")
    outside = archive(tmp_path, b"o", name="../outside")

    for file in (cut, plain, jar, outside, tmp_path / "missing.tar.gz"):
        with pytest.raises(CommandError):
            checked(file)
