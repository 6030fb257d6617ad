import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from localcloud.artifacts import Artifact, Artifacts, published, stack_of, upload
from localcloud.error import LocalCloudError
from tests.emulated_account import REGION, client, emulated_account

BUCKET = "artifacts"
ENDPOINT = f"https://s3.{REGION}.amazonaws.com"
VERSION = "releases/shop/1.0.0/api.tar.gz"


@pytest.fixture
def s3() -> Iterator[Any]:
    with emulated_account():
        yield client("s3")


def uploaded(folder: Path, **files: str) -> None:
    artifacts: list[Artifact] = []
    for number, (key, text) in enumerate(files.items()):
        path = folder / str(number)
        path.write_text(text)
        artifacts.append(Artifact(key, path))
    upload(Artifacts(bucket=BUCKET, region=REGION, runtimes={}, files=tuple(artifacts)), ENDPOINT)


def content(s3: Any, key: str) -> str:
    return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()


def test_a_published_version_is_never_another_one(s3: Any, tmp_path: Path) -> None:
    uploaded(tmp_path, **{VERSION: "first", f"{VERSION}.sha256": "of the first"})
    uploaded(tmp_path, **{VERSION: "second", f"{VERSION}.sha256": "of the second"})

    assert content(s3, VERSION) == "first"
    assert content(s3, f"{VERSION}.sha256") == "of the first"


def test_a_version_that_was_cut_off_is_published_anew_and_whole(s3: Any, tmp_path: Path) -> None:
    uploaded(tmp_path, **{VERSION: "half"})
    uploaded(tmp_path, **{VERSION: "whole", f"{VERSION}.sha256": "of the whole"})

    assert content(s3, VERSION) == "whole"
    assert content(s3, f"{VERSION}.sha256") == "of the whole"


def test_a_runtime_is_as_it_was_packed_last_and_uploaded_once(s3: Any, tmp_path: Path) -> None:
    key = "runtimes/node-24.0.0-x86_64.tar.gz"
    for text in ("first", "second", "second"):
        uploaded(tmp_path, **{key: text})

    assert content(s3, key) == "second"
    versions = s3.list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"]
    assert len(versions) == 2


def test_an_application_without_a_small_one_is_published_from_a_file() -> None:
    with pytest.raises(LocalCloudError) as refused:
        published(stack_of("local"), "unknown", "1.0.0", lambda _: None)
    assert "threed-generator" in refused.value.todo
    assert "FILE=" in refused.value.todo


def test_two_clouds_that_pack_the_same_version_at_a_time_each_have_it_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second begins and ends while the first is half way."""
    monkeypatch.setenv("GROUNDWORK_CACHE", str(tmp_path))
    stack, name = stack_of("local"), "threed-generator"
    others: list[Artifacts] = []

    def pack(words: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
        place = Path(words[words.index("--out") + 1]) / "releases" / name / words[-1]
        place.mkdir(parents=True)
        (place / "api.tar.gz").write_text("half")
        if not others:
            others.append(Artifacts(bucket="", region="", runtimes={}, files=()))
            others[0] = published(stack, name, "1.0.0", lambda _: None)
        (place / "api.tar.gz").write_text("whole")
        return subprocess.CompletedProcess(words, 0, "", "")

    monkeypatch.setattr(subprocess, "run", pack)
    for one in (published(stack, name, "1.0.0", lambda _: None), others[0]):
        (file,) = one.files
        assert file.key == f"releases/{name}/1.0.0/api.tar.gz"
        assert file.path.read_text() == "whole"
