"""A command of a release, run by the clock on exactly one host."""

from dataclasses import dataclass, replace

from hosts.roles.nginx import PAUSED
from hosts.roles.service import Service, command_role
from hosts.steps import File, Role, Running

DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")


@dataclass(frozen=True, kw_only=True)
class Schedule:
    service: Service
    """Whose release, user, variables and secrets the command has."""
    name: str
    at: str
    """Calendar event (systemd.time(7)); see `calendar_event` for the five fields of cron."""
    command: str
    longest_seconds: int = 3600


def calendar_event(cron: str, time_zone: str) -> str:
    """The five fields of crontab(5) as systemd says them: 0 2 * * 1-5 is Mon..Fri *-*-* 02:00."""
    minute, hour, day, month, weekday = cron.split()
    if day != "*" and weekday != "*":
        # cron runs on either, systemd on both; no silent change of meaning.
        raise ValueError(f"{cron!r} names a day of the month and of the week: give one of them")
    days = "" if weekday == "*" else f"{_weekdays(weekday)} "
    times = f"{_field(hour, first=0)}:{_field(minute, first=0)}:00"
    return f"{days}*-{_field(month, first=1)}-{_field(day, first=1)} {times} {time_zone}"


def _field(text: str, *, first: int) -> str:
    def one(part: str) -> str:
        span, slash, step = part.partition("/")
        if span == "*":
            return f"{first:02}{slash}{step}" if slash else "*"
        low, dash, high = span.partition("-")
        return f"{low.zfill(2)}{f'..{high.zfill(2)}' if dash else ''}{slash}{step}"

    return ",".join(one(part) for part in text.split(","))


def _weekdays(text: str) -> str:
    def one(part: str) -> str:
        first, dash, last = part.partition("-")
        names = [DAYS[int(day) % 7] if day.isdigit() else day.capitalize() for day in (first, last)]
        return f"{names[0]}..{names[1]}" if dash else names[0]

    return ",".join(one(part) for part in text.split(",") if part)


def schedule(wanted: Schedule) -> Role:
    """As confined as the service itself; a run that is still going is never joined by another."""
    # A user and a place for secrets of its own, so that neither disturbs the other.
    service = replace(
        wanted.service,
        name=f"{wanted.service.name}-{wanted.name}",
        part=wanted.service.part or wanted.service.name,
    )
    return command_role(
        service,
        {
            service.unit: service.command_unit(
                start=("/bin/sh", "-c", wanted.command), longest_seconds=wanted.longest_seconds
            )
        },
        configure=(
            File(
                f"/etc/systemd/system/{service.key}.timer",
                f"[Unit]\nDescription={service.key}\n"
                f"ConditionPathExists=!{PAUSED}/{service.application}\n\n"
                f"[Timer]\nOnCalendar={wanted.at}\n"
                "AccuracySec=1s\nPersistent=yes\n\n[Install]\nWantedBy=timers.target\n",
            ),
        ),
        activate=(Running(f"{service.key}.timer"),),
    )
