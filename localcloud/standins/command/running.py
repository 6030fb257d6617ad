"""What every command shares: which text runs when, what is logged, what stays secret."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from localcloud.standins.provider import OperationError, Resource
from localcloud.standins.values import UNKNOWN, Properties, Secret, has_secret, plain, secret_texts

STREAMS: dict[Any, tuple[str, ...]] = {
    None: ("stdout", "stderr"),
    "stdoutAndStderr": ("stdout", "stderr"),
    "stdout": ("stdout",),
    "stderr": ("stderr",),
    "none": (),
}

# A secret shorter than this would turn up in any text by chance.
SHORTEST_HIDDEN = 3

LineLogger = Callable[[str, str], None]


class CommandError(OperationError):
    """A command ended with another code than 0."""

    def __init__(self, code: int, command: str, output: str) -> None:
        super().__init__(f"exit status {code}: running {command!r}:\n{output}")
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a command, wherever that is."""

    command: str
    environment: dict[str, str]
    stdin: str | None
    log_line: LineLogger

    @classmethod
    def of(
        cls, inputs: Properties, command: str, before: Properties | None, log_line: LineLogger
    ) -> "Run":
        """As the resource asks for it; before: what it was, and printed, until now."""
        given = inputs.get("environment") or {}
        return cls(
            command=command,
            environment={
                **{name: str(value) for name, value in given.items()},
                **_previous_output(inputs, before),
            },
            stdin=inputs.get("stdin"),
            log_line=log_line,
        )


def _previous_output(inputs: Properties, before: Properties | None) -> dict[str, str]:
    """What the last run printed, for the environment of the next, unless it was declined."""
    if before is None or inputs.get("addPreviousOutputInEnv") is False:
        return {}
    names = {"PULUMI_COMMAND_STDOUT": "stdout", "PULUMI_COMMAND_STDERR": "stderr"}
    return {name: before[key] for name, key in names.items() if before.get(key)}


def without_last_newline(text: str) -> str:
    return text.removesuffix("\n")


class Command(Resource):
    """Runs a text at creation, update and deletion; `_execute` says where."""

    replace_on: ClassVar[tuple[str, ...]] = ("triggers",)
    ignored: ClassVar[tuple[str, ...]] = ("logging",)
    computed: ClassVar[tuple[str, ...]] = ("stdout", "stderr")
    spreading: ClassVar[tuple[str, ...]] = ()
    """Inputs whose secrecy spreads to what the command prints."""

    def _execute(self, inputs: Properties, run: Run, urn: str) -> Properties:
        raise NotImplementedError

    def create(self, urn: str, news: Properties) -> tuple[str, Properties]:
        command = plain(news.get("create"))
        made: Properties = {"stdout": "", "stderr": ""}
        if command is not None:
            made = self._run(urn, news, command, None)
        return urn.split("::")[-1] + secrets.token_hex(4), self._sealed(news, made)

    def update(self, urn: str, olds: Properties, news: Properties) -> Properties:
        command = plain(news.get("update")) or plain(news.get("create"))
        made: Properties = {key: plain(olds.get(key)) or "" for key in self.computed}
        if command is not None:
            made.update(self._run(urn, news, command, plain(olds)))
        return self._sealed(news, made)

    def delete(self, urn: str, state: Properties) -> None:
        command = plain(state.get("delete"))
        if command is not None:
            self._run(urn, state, command, plain(state))

    def preview(self, news: Properties, olds: Properties | None = None) -> Properties:
        if olds is not None and not (news.get("update") or news.get("create")):
            return {**news, **{key: olds.get(key) for key in self.computed}}
        return self._sealed(news, dict.fromkeys(self.computed, UNKNOWN))

    def _run(
        self, urn: str, inputs: Properties, command: str, before: Properties | None
    ) -> Properties:
        confidential = self._confidential(inputs)
        shown = () if confidential else STREAMS.get(plain(inputs.get("logging")), STREAMS[None])

        def log_line(stream: str, line: str) -> None:
            if line and stream in shown:
                self.provider.log(line, urn)

        try:
            told = plain(inputs)
            return self._execute(told, Run.of(told, command, before, log_line), urn)
        except CommandError as failure:
            if not confidential:
                raise
            hidden = any(has_secret(inputs.get(name)) for name in ("create", "update", "delete"))
            text = "[secret]" if hidden else repr(command)
            raise OperationError(
                f"exit status {failure.code}: running {text} (output withheld: an input is secret)"
            ) from None
        except OperationError as failure:
            raise OperationError(self._redacted(str(failure), inputs)) from None

    def _confidential(self, inputs: Properties) -> bool:
        return any(has_secret(inputs.get(name)) for name in self.spreading)

    def _sealed(self, news: Properties, made: Properties) -> Properties:
        if not self._confidential(news):
            return {**news, **made}
        return {**news, **{key: Secret(value) for key, value in made.items()}}

    def _redacted(self, text: str, inputs: Properties) -> str:
        for secret in secret_texts(inputs):
            if len(secret) >= SHORTEST_HIDDEN:
                text = text.replace(secret, "[secret]")
        return text
