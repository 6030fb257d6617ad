"""The artifact bucket: which versions of an application are published, and publishing one.

A version is one file a part, each with its SHA-256 beside it; it never changes once it is there.
"""

import hashlib
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands.cloud import Cloud, error_code, explained
from commands.error import CommandError
from hosts.roles.release import artifact_key


@dataclass(frozen=True)
class Artifacts:
    cloud: Cloud
    bucket: str

    def versions(self, application: str) -> list[str]:
        """The versions of which anything is there, oldest name first."""
        prefix = f"releases/{application}/"
        return sorted({key.removeprefix(prefix).partition("/")[0] for key in self._keys(prefix)})

    def refuse_missing(self, application: str, version: str, parts: dict[str, str]) -> None:
        """CommandError unless every part of the version is there, with its digest."""
        prefix = f"releases/{application}/{version}/"
        keys = [artifact_key(application, part, kind, version) for part, kind in parts.items()]
        wanted = {key for file in keys for key in (file, f"{file}.sha256")}
        missing = sorted(wanted - set(self._keys(prefix)))
        if missing:
            known = ", ".join(self.versions(application)) or "none"
            raise CommandError(
                f"{application} {version} is not published: {self.bucket} lacks "
                f"{', '.join(missing)}. It has the versions {known}.",
                f"Publish each part first: make publish STACK=… APP={application} PART=… "
                f"VERSION={version} FILE=…",
            )

    def publish(self, file: Path, key: str) -> bool:
        """Whether it was uploaded; False where the very same is there already."""
        digest = checked(file)
        s3 = self.cloud.client("s3")
        with explained():
            there = self._digest(s3, key)
            if there == digest:
                return False
            if there is not None:
                raise CommandError(
                    f"s3://{self.bucket}/{key} is there already, with other contents.",
                    "A version never changes once it is published: give this one a number of its "
                    "own.",
                )
            s3.upload_file(str(file), self.bucket, key)
            # Last: without it no release takes the file, so one that was cut off counts as none.
            line = f"{digest}  {Path(key).name}\n"
            s3.put_object(Bucket=self.bucket, Key=f"{key}.sha256", Body=line.encode())
        return True

    def _digest(self, s3: Any, key: str) -> str | None:
        try:
            answer = s3.get_object(Bucket=self.bucket, Key=f"{key}.sha256")
        except Exception as error:
            if error_code(error) == "NoSuchKey":
                return None
            raise
        return str(answer["Body"].read().decode().split()[0])

    def _keys(self, prefix: str) -> Iterator[str]:
        s3 = self.cloud.client("s3")
        with explained():
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            for page in pages:
                yield from (str(found["Key"]) for found in page.get("Contents", []))


def checked(file: Path) -> str:
    """Its digest; CommandError where hosts could not unpack it."""
    if not file.is_file():
        raise CommandError(f"{file} is no file.", "FILE names the artifact: a .tar.gz or a .jar.")
    if file.suffix == ".jar":
        if not zipfile.is_zipfile(file):
            raise CommandError(f"{file} is no jar: it cannot be read as a zip archive.")
    else:
        _check_archive(file)
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _check_archive(file: Path) -> None:
    """Everything in it stays in its folder: hosts would refuse it otherwise, and late."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            for member in archive:
                tarfile.data_filter(member, "/srv")
    except tarfile.FilterError as error:
        raise CommandError(f"{file} would not be unpacked by any host: {error}") from None
    except (tarfile.TarError, OSError, EOFError) as error:
        raise CommandError(f"{file} is no tar.gz: {error}") from None
