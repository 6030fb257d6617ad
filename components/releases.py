"""The releases that a stack asks for, looked up in the artifact bucket before anything is made."""

from collections.abc import Iterator

import pulumi
import pulumi_aws as aws

from hosts.roles.release import artifact_key
from settings.problem import Problem, SettingsError
from settings.tree import Settings


def refuse_missing(settings: Settings, provider: aws.Provider) -> None:
    """SettingsError where a release, or a part of one, is not in the bucket.

    The answer is waited for, so that no resource is registered before it.
    """
    look = pulumi.InvokeOptions(provider=provider)
    problems = [
        problem
        for application, version in settings.stack.releases.items()
        for problem in _missing(settings, application, version, look)
    ]
    if problems:
        raise SettingsError(problems)


def _missing(
    settings: Settings, application: str, version: str, look: pulumi.InvokeOptions
) -> Iterator[Problem]:
    wanted = {
        artifact_key(application, part, kind, version)
        for part, kind in settings.artifacts(application).items()
    }
    if not wanted:
        return
    bucket = settings.stack.artifacts
    there = aws.s3.get_objects(
        bucket=bucket, prefix=f"releases/{application}/{version}/", opts=look
    ).keys
    absent = sorted(wanted - set(there))
    if not absent:
        return
    known = aws.s3.get_objects(
        bucket=bucket, prefix=f"releases/{application}/", delimiter="/", opts=look
    ).common_prefixes
    versions = sorted(prefix.rstrip("/").rpartition("/")[2] for prefix in known)
    yield Problem(
        file=f"Pulumi.{settings.name}.yaml",
        key=f"groundwork:releases.{application}",
        value=f'"{version}"',
        allowed=(
            f"{bucket} lacks {', '.join(absent)}; "
            f"it has the versions {', '.join(versions) or 'none'}"
        ),
    )
