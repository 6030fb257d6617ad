"""The bucket that dumps lie in, by the AWS CLI: large files go in parts, and each is looked for
after it was sent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hosts.programs.aws_cli import ask
from hosts.programs.database_client import RefusedError

NAMESPACE = "groundwork"


@dataclass(frozen=True)
class Bucket:
    name: str
    region: str
    encryption_key: str
    """ARN of the KMS key that everything is kept under."""

    def _aws(self, *words: str) -> str:
        return ask(self.region, *words)

    def url(self, key: str) -> str:
        return f"s3://{self.name}/{key}"

    def put(self, file: Path, key: str) -> None:
        """There, whole and encrypted, or RefusedError."""
        self._aws(
            *("s3", "cp", str(file), self.url(key), "--only-show-errors"),
            *("--sse", "aws:kms", "--sse-kms-key-id", self.encryption_key),
        )
        told = json.loads(
            self._aws("s3api", "head-object", "--bucket", self.name, "--key", key, "--output=json")
        )
        if int(told["ContentLength"]) != file.stat().st_size:
            raise RefusedError(
                f"{self.url(key)} has {told['ContentLength']} bytes, and {file.stat().st_size} "
                "were sent"
            )

    def get(self, key: str, file: Path) -> None:
        self._aws("s3", "cp", self.url(key), str(file), "--only-show-errors")

    def keys(self, prefix: str) -> list[str]:
        """All that begin so, sorted."""
        told: list[str] | None = json.loads(
            self._aws(
                *("s3api", "list-objects-v2", "--bucket", self.name, "--prefix", prefix),
                *("--query", "Contents[].Key", "--output", "json"),
            )
            or "null"
        )
        return sorted(told or [])

    def measure(self, dimensions: dict[str, str], **values: float) -> None:
        """What alarms look at (CloudWatch, PutMetricData)."""
        named: list[dict[str, Any]] = [
            {"Name": name, "Value": value} for name, value in dimensions.items()
        ]
        data: list[dict[str, Any]] = [
            {"MetricName": name, "Dimensions": named, "Value": value}
            for name, value in values.items()
        ]
        self._aws(
            *("cloudwatch", "put-metric-data", "--namespace", NAMESPACE),
            *("--metric-data", json.dumps(data)),
        )
