"""What the engine tells of a run is read as it is written, line by line."""

import json
from pathlib import Path
from typing import Any

from localcloud.engine.run import EventReader, Outcome, told

URN = "urn:pulumi:local::groundwork::aws:ec2/vpc:Vpc::main"
STACK = "urn:pulumi:local::groundwork::pulumi:pulumi:Stack::groundwork-local"


def line(**event: Any) -> str:
    return json.dumps({"sequence": 1, "timestamp": 1, **event}) + "\n"


def meta(operation: str, urn: str = URN, **more: Any) -> dict[str, Any]:
    kind = urn.split("::")[2]
    return {"metadata": {"op": operation, "urn": urn, "type": kind, **more}}


def read(tmp_path: Path, *lines: str) -> Outcome:
    outcome = Outcome()
    path = tmp_path / "events"
    path.write_text("".join(lines))
    EventReader(path, outcome).read()
    return outcome


def test_a_line_that_is_half_written_is_read_once_it_is_whole(tmp_path: Path) -> None:
    outcome = Outcome()
    path = tmp_path / "events"
    reader = EventReader(path, outcome)
    reader.read()
    whole = line(resOutputsEvent=meta("create"))
    path.write_text(whole[:30])
    reader.read()
    assert outcome.steps == []

    path.write_text(whole)
    reader.read()

    assert [step.urn for step in outcome.steps] == [URN]


def test_a_resource_is_under_way_until_its_outputs_are_there(tmp_path: Path) -> None:
    begun = line(resourcePreEvent=meta("create", new={"custom": True}))

    assert list(read(tmp_path, begun).under_way) == [URN]
    assert read(tmp_path, begun, line(resOutputsEvent=meta("create"))).under_way == {}
    assert read(tmp_path, begun, line(resOpFailedEvent=meta("create"))).under_way == {}


def test_what_stays_the_same_is_no_step(tmp_path: Path) -> None:
    outcome = read(tmp_path, line(resOutputsEvent=meta("same")))

    assert outcome.steps == []


def test_changed_outputs_of_the_stack_are_a_change(tmp_path: Path) -> None:
    def stack(before: str, after: str) -> str:
        old, new = {"outputs": {"url": before}}, {"outputs": {"url": after}}
        return line(resOutputsEvent=meta("same", STACK, old=old, new=new))

    assert read(tmp_path, stack("a", "b")).outputs_change
    assert not read(tmp_path, stack("a", "a")).outputs_change


def test_the_summary_counts(tmp_path: Path) -> None:
    outcome = read(tmp_path, line(summaryEvent={"resourceChanges": {"same": 3, "update": 2}}))

    assert outcome.changes == 2


def test_an_error_names_its_resource_and_loses_its_colours(tmp_path: Path) -> None:
    message = "<{%fg 1%}>no such AMI<{%reset%}>\n"
    event = {"severity": "error", "message": message, "urn": URN}
    quiet = {"severity": "debug", "message": "x"}

    outcome = read(tmp_path, line(diagnosticEvent=event), line(diagnosticEvent=quiet))

    assert outcome.errors == ["main: no such AMI"]


def test_a_failed_command_says_what_it_said_and_not_how_it_was_called(tmp_path: Path) -> None:
    called = "exit status 1: running 'sudo bash -c \\'set -eu\\nexit 1\\''"
    said = "shop 1.0.2 does not become healthy: see `journalctl`\n1.0.1 serves as before."
    for message, shown in ((f"{called}:\n{said}", said), (f"{called}:\n", f"{called}:")):
        failed = line(diagnosticEvent={"severity": "error", "urn": URN, "message": message})

        assert read(tmp_path, failed).errors == [f"main: {shown}"]


def test_that_a_run_failed_is_no_news_beside_what_failed() -> None:
    cause = "main: it does not become healthy"
    assert told([cause, "update failed"]) == [cause]
    assert told([cause, "groundwork-local: update failed"]) == [cause]
    assert told(["preview failed"]) == ["preview failed"]


def test_a_finding_says_whether_it_blocks(tmp_path: Path) -> None:
    def finding(level: str) -> str:
        event = {"policyName": "rule", "enforcementLevel": level, "resourceUrn": URN}
        return line(policyEvent={**event, "message": "why"})

    assert [f.blocking for f in read(tmp_path, finding("mandatory")).findings] == [True]
    assert [f.blocking for f in read(tmp_path, finding("advisory")).findings] == [False]
