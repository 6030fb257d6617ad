"""AWS's own interface, with the credentials of the shell."""

import importlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from commands.error import CommandError


@dataclass(frozen=True)
class Cloud:
    """AWS in one region."""

    region: str

    def client(self, service: str) -> Any:
        """A client of a service: s3, ssm, ec2 …"""
        return _client(service, self.region)


@cache
def _client(service: str, region: str) -> Any:
    # Half a second, and not every command asks AWS anything.
    boto3: Any = importlib.import_module("boto3")
    with explained():
        return boto3.client(service, region_name=region)


@contextmanager
def explained() -> Generator[None]:
    """AWS's refusals, and a shell without credentials, in words for a person."""
    botocore: Any = importlib.import_module("botocore.exceptions")
    try:
        yield
    except botocore.ClientError as error:
        told: dict[str, Any] = error.response.get("Error", {})
        raise CommandError(
            f"AWS refuses {error.operation_name}: {told.get('Message', told)}",
            "Who asks: aws sts get-caller-identity",
        ) from None
    except botocore.BotoCoreError as error:
        raise CommandError(
            f"AWS cannot be asked: {error}",
            "Log in to the stack's account first, and try: aws sts get-caller-identity",
        ) from None


def error_code(error: Exception) -> str:
    """AWS's name for why it refused; empty for anything else."""
    response: dict[str, Any] = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code", ""))
