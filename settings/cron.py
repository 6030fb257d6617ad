"""The five fields of a schedule, as crontab(5) has them."""

import re

# Of crontab(5): what each field is called, and its least and greatest number.
FIELDS = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day": (1, 31),
    "month": (1, 12),
    "weekday": (0, 7),
}
PART = re.compile(r"(\*|(\d+)(?:-(\d+))?)(?:/([1-9]\d*))?")


def cron_fault(text: str) -> str | None:
    """What is wrong with the five fields of a schedule; names of days and months are not taken."""
    fields = dict(zip(FIELDS, text.split(), strict=True))
    for name, field in fields.items():
        least, greatest = FIELDS[name]
        for part in field.split(","):
            found = PART.fullmatch(part)
            numbers = [int(number) for number in found.groups()[1:3] if number] if found else [-1]
            if not all(least <= number <= greatest for number in numbers):
                return f"{name} must be * or numbers from {least} to {greatest}"
            if found and int(found[4] or 1) > greatest:
                return f"{name} has a step beyond {greatest} in {part}"
            if numbers != sorted(numbers):
                return f"{name} goes backwards in {part}: the smaller number comes first"
    if fields["day"] != "*" and fields["weekday"] != "*":
        # cron runs on either, systemd and EventBridge on both.
        return "must name days of the month or of the week, not both"
    longest = max(map(DAYS_OF_MONTHS.__getitem__, _numbers(fields["month"], 1, 12)))
    if min(_numbers(fields["day"], 1, 31)) > longest:
        return f"none of its months has a day {fields['day']}"
    return None


# Days of each month, February in a leap year.
DAYS_OF_MONTHS = dict(enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1))


def _numbers(field: str, least: int, greatest: int) -> set[int]:
    """The numbers that a field of a schedule names."""
    named: set[int] = set()
    for part in field.split(","):
        found = PART.fullmatch(part)
        _, begin, end, step = found.groups() if found else (None, None, None, None)
        first = int(begin or least)
        # cron(5): a step counts on from a number to the greatest.
        last = int(end or (begin if begin and not step else greatest))
        named |= set(range(first, last + 1, int(step or 1)))
    return named
