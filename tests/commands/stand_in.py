"""An engine that answers from a table, and writes down what it was asked."""

import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commands.engine import VARIABLE

PROGRAM = """\
import json, pathlib, sys
here = pathlib.Path(__file__).parent
words = [word for word in sys.argv[1:] if word != "--non-interactive"]
with (here / "asked").open("a") as asked:
    asked.write(json.dumps(words) + "\\n")
for answer in json.loads((here / "answers.json").read_text()):
    if words[: len(answer["words"])] == answer["words"]:
        sys.stdout.write(answer["says"])
        sys.exit(answer["code"])
sys.exit(f"nothing is known of {words}")
"""


@dataclass
class EngineStandIn:
    """The program in a folder; the first answer whose words the question begins with counts."""

    folder: Path
    answers: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def answer(self, *words: str, says: object = "", code: int = 0) -> None:
        text = says if isinstance(says, str) else json.dumps(says)
        self.answers.insert(0, {"words": words, "says": text, "code": code})
        (self.folder / "answers.json").write_text(json.dumps(self.answers))

    @property
    def asked(self) -> list[list[str]]:
        file = self.folder / "asked"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def environment(self) -> Mapping[str, str]:
        return {VARIABLE: shlex.join([sys.executable, str(self.folder / "engine.py")])}


def engine_stand_in(folder: Path) -> EngineStandIn:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "engine.py").write_text(PROGRAM)
    (folder / "answers.json").write_text("[]")
    return EngineStandIn(folder)
