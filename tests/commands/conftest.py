"""Commands with an engine that answers from a table."""

from pathlib import Path

import pytest

from tests.commands.stand_in import EngineStandIn, engine_stand_in


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineStandIn:
    made = engine_stand_in(tmp_path / "engine")
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made
