"""Settings tests spoil a copy of the project's own files."""

from pathlib import Path

import pytest

from tests.settings.files import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
