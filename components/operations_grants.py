"""What the operations instance may do for applications, once there is something to do it to."""

from collections.abc import Iterable, Iterator, Mapping

import pulumi

from components.alarms import NAMESPACE
from components.application import Application
from components.application_edge import PublishedAt
from components.permissions import (
    Statement,
    add_objects,
    decrypt,
    encrypt,
    list_objects,
    manage_objects,
    publish_metrics,
    read_objects,
    read_secrets,
    refresh,
)
from settings.application import Dump


def database_statements(
    application: Application, dumps: Iterable[Dump], key_arn: pulumi.Input[str]
) -> dict[str, Statement]:
    """The one place that may read what owns the databases, that puts dumps away, and that begins
    what brings the databases of tasks along."""
    arns = [
        arn
        for access in application.database_accesses.values()
        for arn in (access.administrator_secret_arn, *access.secret_arns.values())
    ]
    if not arns:
        return {}
    return {
        "secrets": read_secrets(arns),
        "decrypt": decrypt(key_arn),
        **dict(_dumping(application, list(dumps), key_arn)),
        **(
            application.tasks.migration.statements
            if application.tasks and application.tasks.migration
            else {}
        ),
    }


def _dumping(
    application: Application, dumps: list[Dump], key_arn: pulumi.Input[str]
) -> Iterator[tuple[str, Statement]]:
    # It adds and reads; what goes, the bucket's own rules take away.
    for dump in dumps:
        bucket_arn = application.buckets[dump.bucket].arn
        yield f"add-{dump.bucket}-{dump.prefix}", add_objects(bucket_arn, f"{dump.prefix}/")
        yield f"read-{dump.bucket}-{dump.prefix}", read_objects(bucket_arn, f"{dump.prefix}/")
    for bucket in sorted({dump.bucket for dump in dumps}):
        yield f"list-{bucket}", list_objects(application.buckets[bucket].arn)
    if dumps:
        yield "encrypt", encrypt(key_arn)
        yield "measure", publish_metrics(NAMESPACE)


def publishing_statements(
    sites: Mapping[str, PublishedAt], key_arn: pulumi.Input[str]
) -> dict[str, Statement]:
    """And the one that gives a site's files to the CDN."""
    if not sites:
        return {}
    return {
        **{f"files-{site}": manage_objects(place.bucket.arn) for site, place in sites.items()},
        "encrypt": encrypt(key_arn),
        "refresh": refresh([place.distribution_arn for place in sites.values()]),
    }
