"""Where this host keeps its programs."""

from __future__ import annotations

PROGRAMS = "/usr/local/lib/groundwork"
