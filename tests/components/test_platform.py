"""Every stack of the project, and every combination of placement and edge, is built whole."""

from typing import Any

import pytest

from tests.recording import Engine
from tests.stacks import STACKS, platform_of

IMAGE = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/web@sha256:{'0' * 64}"


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_of_the_project_is_built(engine: Engine, stack: str) -> None:
    engine.build(lambda: platform_of(stack))

    assert engine.of("aws:rds/instance:Instance")
