"""Commands here: what they print, what stays secret, and that none outlives its engine."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from localcloud.processes import alive
from localcloud.standins.command.local import LocalCommand
from localcloud.standins.provider import Provider
from localcloud.standins.values import UNKNOWN, Secret
from tests.localcloud.standins.plugin import Plugin, recording, served

TOKEN = "command:local:Command"
PASSWORD = "correct horse battery"
PATIENCE = 60.0


@pytest.fixture
def provider() -> Provider:
    return Provider("command", "0", {TOKEN: LocalCommand})


@pytest.fixture
def command(provider: Provider) -> Iterator[Plugin]:
    with served(provider) as stub:
        yield Plugin(stub, TOKEN)


def failure(command: Plugin, inputs: dict[str, Any]) -> str:
    with pytest.raises(grpc.RpcError) as failed:
        command.create(inputs)
    return failed.value.details()  # type: ignore[attr-defined]


def test_output_comes_back_without_its_last_newline(command: Plugin) -> None:
    _, state = command.create({"create": "echo out; echo err >&2", "environment": {"X": "1"}})

    assert (state["stdout"], state["stderr"]) == ("out", "err")


def test_standard_input_and_environment_reach_the_command(command: Plugin) -> None:
    _, state = command.create({"create": "cat; echo $X", "stdin": "in\n", "environment": {"X": 1}})

    assert state["stdout"] == "in\n1"


def test_a_command_need_not_read_its_input(command: Plugin) -> None:
    _, state = command.create({"create": "exec 0<&-; echo done", "stdin": "x" * 1_000_000})

    assert state["stdout"] == "done"


def test_an_update_sees_what_was_printed_before(command: Plugin) -> None:
    first = {"create": "echo one", "update": "echo $PULUMI_COMMAND_STDOUT-two"}
    identity, state = command.create(first)

    assert command.update(identity, state, first)["stdout"] == "one-two"
    declined = {**first, "addPreviousOutputInEnv": False}
    assert command.update(identity, state, declined)["stdout"] == "-two"


def test_deletion_runs_its_command(command: Plugin, tmp_path: Path) -> None:
    identity, state = command.create({"create": "true", "delete": f"touch {tmp_path}/gone"})

    command.delete(identity, state)

    assert (tmp_path / "gone").exists()


def test_only_triggers_replace(command: Plugin) -> None:
    before = {"create": "a", "triggers": [1], "logging": "none"}
    after = {"create": "b", "triggers": [2], "logging": "stdout"}

    changed, replaced = command.diff(before, after)

    assert changed == {"create", "triggers"}
    assert replaced == {"triggers"}


def test_a_failure_quotes_the_command_and_its_output(command: Plugin) -> None:
    said = failure(command, {"create": "echo why; exit 3"})

    assert "exit status 3" in said
    assert "why" in said


@pytest.mark.parametrize("given", ["stdin", "environment", "create"])
def test_a_secret_input_makes_the_output_secret_and_silent(
    given: str, provider: Provider, command: Plugin
) -> None:
    lines = recording(provider)
    inputs: dict[str, Any] = {"create": "cat; echo $X", "stdin": "", "environment": {"X": "x"}}
    values = {"stdin": PASSWORD, "environment": {"X": PASSWORD}, "create": f"echo {PASSWORD}"}
    inputs[given] = Secret(values[given])

    _, state = command.create(inputs)

    assert state["stdout"] == Secret(state["stdout"].value)
    assert PASSWORD in state["stdout"].value
    assert lines == []


def test_a_plain_command_is_logged_as_asked(provider: Provider, command: Plugin) -> None:
    lines = recording(provider)
    command.create({"create": "echo shown; echo hidden >&2", "logging": "stdout"})

    assert lines == ["shown"]


def test_a_failure_with_a_secret_quotes_neither_output_nor_secret(command: Plugin) -> None:
    said = failure(command, {"create": "cat; exit 4", "stdin": Secret(PASSWORD)})

    assert "exit status 4" in said
    assert "withheld" in said
    assert PASSWORD not in said


def test_a_secret_command_is_not_quoted(command: Plugin) -> None:
    said = failure(command, {"create": Secret(f"echo {PASSWORD}; exit 4")})

    assert PASSWORD not in said


def test_before_the_update_the_output_is_unknown_and_as_secret(command: Plugin) -> None:
    assert command.preview({"create": "x"})["stdout"] is UNKNOWN
    assert command.preview({"create": "x", "stdin": Secret("y")})["stdout"] == Secret(UNKNOWN)


def test_a_running_command_ends_with_its_engine(
    provider: Provider, command: Plugin, tmp_path: Path
) -> None:
    """Children included: the command starts one that would go on for minutes."""
    began = tmp_path / "began"
    text = f"sleep 300 & echo $! > {began}.partial; mv {began}.partial {began}; wait"
    thread = threading.Thread(target=lambda: failure(command, {"create": text}))
    thread.start()
    while not began.exists():
        time.sleep(0.01)

    provider.shut_down()
    thread.join(PATIENCE)

    assert not thread.is_alive()
    child = int(began.read_text())
    deadline = time.monotonic() + PATIENCE
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(child)
