"""What RDS refuses of a database that is there already, said before anything is touched."""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from components.database_parameters import family
from settings.model import Engine


def refusing_the_impossible(name: str) -> pulumi.ResourceHookBinding:
    """Stops a preview, and an update that had none, with the words of `refusals`."""

    def look(args: pulumi.ResourceHookArgs) -> None:
        said = refusals(args.old_inputs or {}, args.new_inputs or {}, args.old_outputs or {})
        if words := "; ".join(said):
            raise ValueError(words)

    return pulumi.ResourceHookBinding(
        before_update=[
            pulumi.ResourceHook(
                f"{name}: change of a database", look, pulumi.ResourceHookOptions(on_dry_run=True)
            )
        ]
    )


def refusals(
    before: Mapping[str, Any], after: Mapping[str, Any], there: Mapping[str, Any]
) -> Iterator[str]:
    """What was asked of the instance, what is asked now, and what it was found to be."""
    was, wanted = str(before["engineVersion"]), str(after["engineVersion"])
    engine: Engine = after["engine"]
    if family(engine, was) != family(engine, wanted):
        if _numbers(wanted) < _numbers(was):
            yield (
                f"version goes back from {was} to {wanted}, which RDS never does:"
                " a dump can be restored into a new database"
            )
        elif not after.get("allowMajorVersionUpgrade"):
            yield (
                f"version goes from {was} to {wanted}, and there is no way back:"
                " allow it by major_upgrade: true, beside the instance_class in the stack's file"
            )
    if after["allocatedStorage"] < before["allocatedStorage"]:
        yield (
            f"storage_gb goes from {before['allocatedStorage']} to {after['allocatedStorage']},"
            " and RDS takes no storage away"
        )
    ceiling, has = after["maxAllocatedStorage"], there.get("allocatedStorage")
    if ceiling != before["maxAllocatedStorage"] and isinstance(has, int) and ceiling <= has:
        yield f"max_storage_gb is {ceiling}, and the storage has grown to {has} GiB"


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]
