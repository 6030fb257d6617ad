"""Where a rule is set aside for one resource: for a stated reason, until a stated day.

They are listed in the stack's configuration, so that the log of that file holds the argument:

    groundwork:exemptions:
      - rule: rds-multi-az
        resource: notebook-main
        reason: Read-only archive, rebuilt from the dump in an hour
        until: "2027-03-31"

`resource` is the resource's name or its whole URN. After that day the rule bites again.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

FIELDS = ("rule", "resource", "reason", "until")


@dataclass(frozen=True)
class Exemption:
    rule: str
    resource: str
    reason: str
    until: date

    def names(self, name: str, urn: str) -> bool:
        return self.resource in (name, urn)


@dataclass(frozen=True)
class Exemptions:
    entries: tuple[Exemption, ...]
    mistakes: tuple[str, ...]
    today: date

    @classmethod
    def read(cls, configured: str | None, rules: Collection[str], today: date) -> "Exemptions":
        """Take the configuration as it comes; what cannot be read exempts nothing."""
        try:
            entries: object = json.loads(configured or "[]")
        except ValueError:
            entries = None
        if not isinstance(entries, list):
            return cls((), ("groundwork:exemptions must be a list of entries.",), today)
        good: list[Exemption] = []
        mistakes: list[str] = []
        for number, entry in enumerate(cast(list[object], entries), 1):
            try:
                good.append(_exemption(entry, rules))
            except ValueError as mistake:
                mistakes.append(f"groundwork:exemptions, entry {number}: {mistake}")
        return cls(tuple(good), tuple(mistakes), today)

    def cover(self, rule: str, name: str, urn: str) -> bool:
        """Whether that rule is set aside for that resource today."""
        return any(
            entry.rule == rule and entry.names(name, urn) and not self.ended(entry)
            for entry in self.entries
        )

    def ended(self, entry: Exemption) -> bool:
        return self.today > entry.until

    def notice(self, entry: Exemption) -> str:
        """What is printed at each exempt resource, at every preview and update."""
        if self.ended(entry):
            return (
                f"The exemption from {entry.rule} ended on {entry.until} and the rule is enforced "
                f"again. It was: {entry.reason}. Remove the entry, or argue for a later day."
            )
        return f"Exempt from {entry.rule} until {entry.until}: {entry.reason}"


def _exemption(entry: object, rules: Collection[str]) -> Exemption:
    if not isinstance(entry, Mapping):
        raise ValueError(f"must have the keys {', '.join(FIELDS)}.")
    values = {str(key): value for key, value in cast(Mapping[Any, Any], entry).items()}
    if unknown := sorted(set(values) - set(FIELDS)):
        raise ValueError(f"unknown key {unknown[0]!r}; allowed are {', '.join(FIELDS)}.")
    for field in FIELDS:
        if not str(values.get(field) or "").strip():
            raise ValueError(f"{field} is missing.")
    if str(values["rule"]) not in rules:
        raise ValueError(f"there is no rule {values['rule']!r}; docs/controls.md lists them.")
    try:
        # An unquoted date may reach us with a time behind it.
        until = date.fromisoformat(str(values["until"])[:10])
    except ValueError:
        raise ValueError(
            f"until is {values['until']!r}; write a day as YYYY-MM-DD, in quotes."
        ) from None
    return Exemption(values["rule"], values["resource"], str(values["reason"]).strip(" ."), until)
