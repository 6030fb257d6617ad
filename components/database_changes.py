"""What RDS refuses of a database that is there already, or does not do and says nothing of."""

from collections.abc import Iterator

from components.changes import Properties
from components.database_parameters import family
from settings.model import Engine


def refused_of_a_database(
    before: Properties, after: Properties, there: Properties
) -> Iterator[str]:
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
    had, asked = int(before["allocatedStorage"]), int(after["allocatedStorage"])
    if asked < had:
        yield f"storage_gb goes from {had} to {asked}, and RDS takes no storage away"
    # The engine hands numbers over as floats.
    ceiling, has = int(after["maxAllocatedStorage"]), there.get("allocatedStorage")
    if ceiling != before["maxAllocatedStorage"] and isinstance(has, float | int) and ceiling <= has:
        yield f"max_storage_gb is {ceiling}, and the storage has grown to {int(has)} GiB"


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]
