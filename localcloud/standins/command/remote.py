"""Commands and copies on another machine."""

import secrets
from typing import Any, ClassVar

from localcloud.standins.command import ssh
from localcloud.standins.command.running import (
    Command,
    CommandError,
    Run,
    without_last_newline,
)
from localcloud.standins.provider import InvalidInputError, Resource
from localcloud.standins.values import ASSET, UNKNOWN, Properties, Secret, Tagged, plain


def with_connection(news: Properties) -> Properties:
    """The connection with its defaults filled in; as a whole it is always kept secret."""
    given = news["connection"]
    connection: Any = given.value if isinstance(given, Secret) else given
    if connection is UNKNOWN or not isinstance(connection, dict):
        return news
    if connection.get("host") in (None, ""):
        raise InvalidInputError("connection.host", "missing required property 'host'")
    filled: dict[str, Any] = {**ssh.DEFAULTS, **connection}
    proxy = filled.get("proxy")
    if isinstance(proxy, dict):
        filled["proxy"] = {**ssh.DEFAULTS, **proxy}
    return {**news, "connection": Secret(filled)}


class RemoteCommand(Command):
    inputs: ClassVar[tuple[str, ...]] = (
        "connection",
        "create",
        "update",
        "delete",
        "environment",
        "stdin",
        "triggers",
        "logging",
        "addPreviousOutputInEnv",
    )
    required: ClassVar[tuple[str, ...]] = ("connection",)
    # The connection is always secret and says nothing of what the command prints.
    spreading: ClassVar[tuple[str, ...]] = (
        "create",
        "update",
        "delete",
        "environment",
        "stdin",
        "triggers",
    )

    def check(self, news: Properties) -> Properties:
        return with_connection(news)

    def _execute(self, inputs: Properties, run: Run, urn: str) -> Properties:
        code, stdout, stderr, both = ssh.run(
            inputs["connection"],
            run,
            lambda text: self.provider.log(text, urn),
            self.provider.stopping,
        )
        if code != 0:
            raise CommandError(-1 if code is None else code, run.command, both)
        return {"stdout": without_last_newline(stdout), "stderr": without_last_newline(stderr)}


class CopyToRemote(Resource):
    inputs: ClassVar[tuple[str, ...]] = ("connection", "source", "remotePath", "triggers")
    required: ClassVar[tuple[str, ...]] = ("connection", "source", "remotePath")
    replace_on: ClassVar[tuple[str, ...]] = ("triggers",)

    def check(self, news: Properties) -> Properties:
        source = plain(news["source"])
        if source is not UNKNOWN:
            is_text = isinstance(source, Tagged) and source.signature == ASSET
            fields = source.fields if isinstance(source, Tagged) else {}
            if "path" not in fields and not (is_text and "text" in fields):
                reason = "source must be a file asset, a text asset or a path-based archive"
                raise InvalidInputError("source", reason)
        return with_connection(news)

    def create(self, urn: str, news: Properties) -> tuple[str, Properties]:
        self._copy(urn, news)
        return secrets.token_hex(4), news

    def update(self, urn: str, olds: Properties, news: Properties) -> Properties:
        if any(plain(olds.get(key)) != plain(news.get(key)) for key in ("source", "remotePath")):
            self._copy(urn, news)
        return news

    def _copy(self, urn: str, news: Properties) -> None:
        inputs = plain(news)
        ssh.copy(
            inputs["connection"],
            inputs["source"].fields,
            inputs["remotePath"],
            lambda text: self.provider.log(text, urn),
            self.provider.stopping,
        )
