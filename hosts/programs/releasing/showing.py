"""What serves here, what served before, and how it is."""

from __future__ import annotations

import json
from typing import Any

from hosts.programs.releasing.application import Application
from hosts.programs.releasing.pausing import paused
from hosts.programs.releasing.records import record
from hosts.programs.releasing.services import state_of, stores_of


def show(application: Application, *, deep: bool) -> None:
    known = record(application)
    told: dict[str, Any] = {
        "serving": application.serving,
        "pending": known.get("pending"),
        "confirmed": known.get("confirmed"),
        "history": known.get("history") or [],
        "paused": paused(application),
        "services": {service.name: state_of(service) for service in application.services},
    }
    if deep and application.serving and not told["paused"]:
        asked = [one for one in application.services if one.deep and one.port is not None]
        told["stores"] = {service.name: stores_of(application, service) for service in asked}
    print(json.dumps(told))
