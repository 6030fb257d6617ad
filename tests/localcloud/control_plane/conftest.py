"""What would make every test of moto slow is made small, once."""

import json
from collections.abc import Iterator

import pytest
from moto.iam import models

FEW = ("AmazonSSMManagedInstanceCore", "CloudWatchAgentServerPolicy")


@pytest.fixture(scope="session", autouse=True)
def _few_managed_policies() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    """Every backend of IAM reads all 1,500 of AWS's anew; here they are a few of the same."""
    policies = json.loads(vars(models)["aws_managed_policies_data"])
    with pytest.MonkeyPatch.context() as patch:
        few = {name: policies[name] for name in FEW}
        patch.setattr(models, "aws_managed_policies_data", json.dumps(few))
        yield
