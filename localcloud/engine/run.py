"""One run of the engine, followed event by event."""

import json
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.engine.stack import Stack, log_path

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"
CHANGING = frozenset({"create", "update", "replace", "delete", "create-replacement", "import"})
COLOUR = re.compile(r"<\{%[^%]*%\}>")
# How a command's failure begins: with all of the command. What the command said itself follows.
RUNNING = re.compile(r"^exit status -?\d+: running .*:\n(?=\S)")
# What the engine says of a run in which something has failed.
SUMMARY = re.compile(r"^(?:[\w-]+: )?(?:update|preview) failed$")
POLL = 0.1


@dataclass(frozen=True)
class Step:
    """What was done to one resource."""

    urn: str
    kind: str
    operation: str
    seconds: float

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]


@dataclass(frozen=True)
class Finding:
    """What a rule of the policy pack says of a resource."""

    rule: str
    blocking: bool
    resource: str
    message: str


@dataclass
class Outcome:
    """All that a run told of itself."""

    code: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict[str, int])
    steps: list[Step] = field(default_factory=list[Step])
    errors: list[str] = field(default_factory=list[str])
    findings: list[Finding] = field(default_factory=list[Finding])
    outputs_change: bool = False
    under_way: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def changes(self) -> int:
        return sum(number for operation, number in self.counts.items() if operation != "same")

    def kinds(self, operations: frozenset[str] = frozenset({"create"})) -> Counter[str]:
        return Counter(step.kind for step in self.steps if step.operation in operations)


Watcher = Callable[[Outcome], None]


def follow(stack: Stack, verb: str, arguments: Sequence[str], watch: Watcher) -> Outcome:
    """Run the engine; `watch` sees the outcome grow. The engine's own words go to the log."""
    log = log_path(stack.paths, f"{verb}-{stack.name}")
    events = log.with_suffix(".events")
    events.unlink(missing_ok=True)
    outcome = Outcome()
    started = time.monotonic()
    command = [
        *stack.command([verb, "--stack", stack.name, *arguments]),
        *("--event-log", str(events)),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=stack.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    reader = EventReader(events, outcome)
    try:
        while process.poll() is None:
            reader.read()
            watch(outcome)
            time.sleep(POLL)
    except BaseException:
        # What is under way is finished; nothing new is begun. A second Ctrl-C reaches the engine
        # itself, which then drops everything.
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait()
        raise
    reader.read()
    watch(outcome)
    outcome.code = process.returncode
    outcome.seconds = time.monotonic() - started
    outcome.errors = told(outcome.errors)
    if outcome.code and not outcome.errors:
        lines = log.read_text(errors="replace").strip().splitlines()
        outcome.errors = lines[-5:]
    return outcome


def told(errors: list[str]) -> list[str]:
    """What went wrong; that something did is no news beside it."""
    causes = [error for error in errors if not SUMMARY.match(error)]
    return causes or errors


class EventReader:
    """Reads the engine's event log as it grows."""

    def __init__(self, path: Path, outcome: Outcome) -> None:
        self._path = path
        self._outcome = outcome
        self._position = 0
        self._rest = b""
        self._begun: dict[str, float] = {}

    def read(self) -> None:
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                data = file.read()
                self._position = file.tell()
        except FileNotFoundError:
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.strip():
                self._take(json.loads(line))

    def _take(self, event: dict[str, Any]) -> None:
        now = time.monotonic()
        match next((key for key in event if key.endswith("Event")), ""):
            case "resourcePreEvent":
                meta = event["resourcePreEvent"]["metadata"]
                if meta["op"] != "same":
                    self._begun[meta["urn"]] = now
                    if _is_shown(meta["type"]) and _is_custom(meta):
                        self._outcome.under_way[meta["urn"]] = now
            case "resOutputsEvent":
                self._finish(event["resOutputsEvent"]["metadata"], now)
            case "resOpFailedEvent":
                self._outcome.under_way.pop(event["resOpFailedEvent"]["metadata"]["urn"], None)
            case "diagnosticEvent":
                self._diagnose(event["diagnosticEvent"])
            case "policyEvent":
                self._judge(event["policyEvent"])
            case "summaryEvent":
                self._outcome.counts = dict(event["summaryEvent"].get("resourceChanges") or {})
            case _:
                pass

    def _finish(self, meta: dict[str, Any], now: float) -> None:
        urn, kind = meta["urn"], meta["type"]
        self._outcome.under_way.pop(urn, None)
        if kind == STACK_TYPE:
            before = (meta.get("old") or {}).get("outputs") or {}
            after = (meta.get("new") or {}).get("outputs") or {}
            self._outcome.outputs_change = before != after
        elif _is_shown(kind) and meta["op"] in CHANGING:
            seconds = now - self._begun.get(urn, now)
            self._outcome.steps.append(Step(urn, kind, meta["op"], seconds))

    def _diagnose(self, diagnostic: dict[str, Any]) -> None:
        if diagnostic["severity"] != "error":
            return
        message = RUNNING.sub("", COLOUR.sub("", diagnostic["message"]).strip())
        resource = diagnostic.get("urn", "").rpartition("::")[2]
        text = f"{resource}: {message}" if resource else message
        if text not in self._outcome.errors:
            self._outcome.errors.append(text)

    def _judge(self, judgement: dict[str, Any]) -> None:
        finding = Finding(
            rule=judgement.get("policyName", ""),
            blocking=judgement.get("enforcementLevel") == "mandatory",
            resource=judgement.get("resourceUrn", "").rpartition("::")[2],
            message=COLOUR.sub("", judgement.get("message", "")).strip(),
        )
        if finding not in self._outcome.findings:
            self._outcome.findings.append(finding)


def _is_custom(meta: dict[str, Any]) -> bool:
    """A resource of a provider; a component only waits for those inside it."""
    return bool((meta.get("new") or meta.get("old") or {}).get("custom"))


def _is_shown(kind: str) -> bool:
    """Real resources: not the stack itself, not providers."""
    return kind != STACK_TYPE and not kind.startswith(PROVIDER_PREFIX)
