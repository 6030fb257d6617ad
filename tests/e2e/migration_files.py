"""An artifact that holds nothing but its SQL migrations."""

import hashlib
import io
import tarfile

from hosts.roles.release import artifact_key
from tests.e2e.emulated import Emulated


def publish(cloud: Emulated, application: str, version: str, files: dict[str, str]) -> None:
    """As the release that an application's own pipeline leaves in the bucket."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"migrations/{name}")
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content.encode()))
    key = artifact_key(application, "api", "tar.gz", version)
    digest = hashlib.sha256(packed.getvalue()).hexdigest()
    s3 = cloud.client("s3")
    s3.put_object(Bucket="artifacts", Key=key, Body=packed.getvalue())
    s3.put_object(Bucket="artifacts", Key=f"{key}.sha256", Body=digest.encode())
