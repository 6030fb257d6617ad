"""`publish APP VERSION`: a version of a small application in the bucket, to be released."""

from localcloud import artifacts, supervisor
from localcloud.error import LocalCloudError
from localcloud.paths import Paths
from localcloud.report import say


def run(paths: Paths, name: str, application: str, version: str) -> int:
    endpoint = supervisor.running(paths)
    if endpoint is None:
        raise LocalCloudError("The local cloud is not up.", "Bring it up with: make up")
    made = artifacts.published(artifacts.stack_of(name), application, version, say)
    artifacts.upload(made, endpoint.url)
    for file in made.files:
        say(f"Published: s3://{made.bucket}/{file.key}")
    return 0
