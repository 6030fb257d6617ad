"""Tells requests that only read from those that may change something."""

import urllib.parse
from typing import Any

READING_VERBS = (
    "BatchGet",
    "Check",
    "Describe",
    "Filter",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Query",
    "Scan",
    "Search",
    "Simulate",
    "Validate",
)
# They read by their name, yet leave something behind.
CHANGING_ANYWAY = frozenset({"GetSessionToken", "GetFederationToken"})


def only_reads(environ: dict[str, Any], body: bytes) -> bool:
    """Whether nothing needs saving after this request; in doubt, no."""
    action = action_of(environ, body)
    if action:
        return action.startswith(READING_VERBS) and action not in CHANGING_ANYWAY
    return environ["REQUEST_METHOD"] in ("GET", "HEAD", "OPTIONS")


def action_of(environ: dict[str, Any], body: bytes) -> str:
    """The operation's name where the protocol carries one: JSON by header, query by form."""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.rpartition(".")[2]
    form = body.decode("latin-1") if _is_form(environ) else ""
    for source in (form, environ.get("QUERY_STRING", "")):
        action = urllib.parse.parse_qs(source).get("Action")
        if action:
            return action[0]
    return ""


def _is_form(environ: dict[str, Any]) -> bool:
    return environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
