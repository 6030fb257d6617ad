"""What the operations instance may do for applications, once there is something to do it to.

What it needs for all of them alike it has from the start: AWS lets the policies of a role have
10,240 characters together (IAM user guide, quotas).
"""

from collections.abc import Iterable, Iterator, Mapping

from components.application import Application
from components.application_edge import PublishedAt
from components.permissions import (
    Statement,
    add_objects,
    list_objects,
    manage_objects,
    read_objects,
    read_secrets,
    refresh,
)
from settings.application import Dump


def database_statements(application: Application, dumps: Iterable[Dump]) -> dict[str, Statement]:
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
        **dict(_dumping(application, list(dumps))),
        **(
            application.tasks.migration.statements
            if application.tasks and application.tasks.migration
            else {}
        ),
    }


def _dumping(application: Application, dumps: list[Dump]) -> Iterator[tuple[str, Statement]]:
    # It adds and reads; what goes, the bucket's own rules take away.
    for dump in dumps:
        bucket_arn = application.buckets[dump.bucket].arn
        yield f"add-{dump.bucket}-{dump.prefix}", add_objects(bucket_arn, f"{dump.prefix}/")
        yield f"read-{dump.bucket}-{dump.prefix}", read_objects(bucket_arn, f"{dump.prefix}/")
    for bucket in sorted({dump.bucket for dump in dumps}):
        yield f"list-{bucket}", list_objects(application.buckets[bucket].arn)


def publishing_statements(sites: Mapping[str, PublishedAt]) -> dict[str, Statement]:
    """And the one that gives a site's files to the CDN."""
    if not sites:
        return {}
    return {
        **{f"files-{site}": manage_objects(place.bucket.arn) for site, place in sites.items()},
        "refresh": refresh([place.distribution_arn for place in sites.values()]),
    }
