"""Logs of tasks: the log group of each service, as CloudWatch has it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from commands.cloud import explained
from commands.graph import graph
from commands.stack import Stack

LOOK_BACK = timedelta(hours=1)
# CloudWatch has some a moment later than others that are newer.
OVERLAP = timedelta(seconds=10)
SECONDS_BETWEEN_LOOKS = 2.0


@dataclass(frozen=True)
class TaskLogs:
    client: Any
    groups: Mapping[str, str]
    """Service → log group."""

    def newest(self, lines: int) -> Iterator[str]:
        """Of the last hour."""
        since = _now() - LOOK_BACK
        for service, group in self.groups.items():
            yield from [_line(service, event) for event in self._since(group, since)][-lines:]

    def coming(self, lines: int) -> Iterator[str]:
        seen: set[str] = set()
        since = {service: _now() - LOOK_BACK for service in self.groups}
        first = True
        while True:
            for service, group in self.groups.items():
                events = [
                    event
                    for event in self._since(group, since[service])
                    if event["eventId"] not in seen
                ]
                for event in events[-lines:] if first else events:
                    yield _line(service, event)
                seen.update(event["eventId"] for event in events)
                if events:
                    since[service] = _time(events[-1]) - OVERLAP
            first = False
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def _since(self, group: str, since: datetime) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("filter_log_events")
        with explained():
            return [
                event
                for page in pages.paginate(
                    logGroupName=group, startTime=int(since.timestamp() * 1000)
                )
                for event in page["events"]
            ]


def task_logs(stack: Stack, services: Sequence[str]) -> TaskLogs:
    """Of services by their APPLICATION-SERVICE."""
    groups = graph(stack.engine).of("aws:cloudwatch/logGroup:LogGroup")
    return TaskLogs(
        stack.cloud.client("logs"),
        {group.name: group.text("name") for group in groups if group.name in services},
    )


def _line(service: str, event: Mapping[str, Any]) -> str:
    return f"{service}  {_time(event).isoformat(timespec='seconds')} {event['message'].rstrip()}"


def _time(event: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(event["timestamp"] / 1000, UTC)


def _now() -> datetime:
    return datetime.now(UTC)
