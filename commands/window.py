"""The hours of the day in which databases are migrated."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from commands.error import CommandError
from commands.stack import Stack


def refuse_outside(stack: Stack, application: str, now: datetime | None = None) -> None:
    """CommandError where a release would migrate a database at another time than the stack's."""
    window, zone = stack.settings.migration_window, stack.settings.time_zone
    if window is None or stack.tree.applications[application].migration is None:
        return
    try:
        local = (now or datetime.now(UTC)).astimezone(ZoneInfo(zone))
    except ZoneInfoNotFoundError:
        raise CommandError(
            f"This machine does not know the time zone {zone}.", "Install Debian's tzdata."
        ) from None
    if within(local.time(), window):
        return
    raise CommandError(
        f"It is {local:%H:%M} in {zone}, and {stack.name} migrates databases from "
        f"{window.replace('-', ' to ')} (groundwork:migration_window).",
        f"A release of {application} migrates one: wait, or say NOW=1.",
    )


def within(moment: time, window: str) -> bool:
    """Whether a time of day lies in 22:00-04:00, whose end is the first minute after it."""
    begin, end = (time.fromisoformat(each) for each in window.split("-"))
    if begin <= end:
        return begin <= moment < end
    return moment >= begin or moment < end
