"""`status [STACK]`: what is up, and whether it is well."""

import json
from collections import Counter

from rich.table import Table

from localcloud import processes, recovery, report, supervisor
from localcloud.engine import configuration
from localcloud.engine.stack import Stack
from localcloud.paths import Paths
from localcloud.report import say


def run(paths: Paths, name: str) -> int:
    if not paths.home.exists():
        say("Nothing is up. Bring it up with: make up")
        return 0
    if recovery.state_file(Stack(paths, name, None)) is None:
        configuration.refuse_unknown(paths, name)
    endpoint = supervisor.running(paths)
    table = Table(title="Local cloud", title_justify="left")
    table.add_column("part")
    table.add_column("state")
    table.add_row("control plane", f"answers at {endpoint.url}" if endpoint else "not running")
    roles = Counter(process.role for process in processes.started_by(paths.home))
    running = ", ".join(f"{number} {role}" for role, number in sorted(roles.items()))
    table.add_row("processes", running or "none")
    table.add_row("files", str(paths.home))
    report.console.print(table)
    counts = resources(Stack(paths, name, endpoint.url if endpoint else None))
    if counts:
        report.show_counts(f"Stack {name}", counts)
    else:
        say(f"The stack {name} has no resources.")
    return 0 if endpoint or not counts else 1


def resources(stack: Stack) -> Counter[str]:
    """How many of each kind the state holds."""
    file = recovery.state_file(stack)
    if file is None:
        return Counter()
    latest = json.loads(file.read_text())["checkpoint"].get("latest") or {}
    kinds = [str(resource["type"]) for resource in latest.get("resources") or []]
    return Counter(kind for kind in kinds if not kind.startswith("pulumi:"))
