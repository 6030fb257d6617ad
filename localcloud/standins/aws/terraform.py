"""The real Terraform AWS provider, configured for one region of the emulated cloud only."""

import ipaddress
import json
import os
import socket
import tempfile
import threading
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.standins.aws.planning import proposed
from localcloud.standins.aws.protocol import TerraformProvider, refuse_errors, unpack
from localcloud.standins.aws.schema import Block, Kind
from localcloud.standins.aws.sdk import camel
from localcloud.standins.aws.translation import to_terraform
from localcloud.standins.values import Properties

Values = dict[str, Any]
ENDPOINT = "AWS_ENDPOINT_URL"
# A connection to this machine is there at once or refused, unless all of it stands still.
REACHED_WITHIN = 60
# Asked of the provider as any recent Terraform would ask.
TERRAFORM_VERSION = "1.11.4"
# Whatever the program says: no credentials, no way out, and no retries beyond a broken connection.
# (The emulated server closes connections; with one attempt a resource would fail on that.)
FORCED: Values = {
    "access_key": "emulated",
    "secret_key": "emulated",
    "token": None,
    "profile": None,
    "assume_role": [],
    "assume_role_with_web_identity": [],
    "endpoints": [],
    "https_proxy": None,
    "shared_config_files": None,
    "shared_credentials_files": None,
    "skip_credentials_validation": True,
    "skip_metadata_api_check": "true",
    "skip_requesting_account_id": False,
    "s3_use_path_style": True,
    "max_retries": 3,
    # The stand-in merges them into every resource's tags, as the official plugin does.
    "default_tags": [],
}


class NotConfiguredError(Exception):
    """What is missing before any resource can be looked at."""


@dataclass(frozen=True)
class Held:
    """A resource's exact state, as Terraform would keep it."""

    state: Values | None
    private: bytes = b""


@dataclass(frozen=True)
class Plan:
    state: Values
    replaced_by: set[str]
    """Top-level fields whose change needs a new resource."""
    private: bytes


@dataclass(frozen=True)
class Applied:
    held: Held
    failures: list[Any]


class Terraform:
    """Starts the provider at the first call that needs it; three of them cost 350 MB each."""

    def __init__(self, executable: Path, schema: Block) -> None:
        self._executable = executable
        self._schema = schema
        self._settings: Properties = {}
        self._process: TerraformProvider | None = None
        self._lock = threading.Lock()

    def configure(self, settings: Properties) -> None:
        """Settings of the program's provider resource, in Pulumi's names."""
        self._settings = settings

    @property
    def region(self) -> str | None:
        return self._settings.get("region") or os.environ.get("AWS_REGION")

    def stop(self) -> None:
        if self._process:
            self._process.stop()

    def cancel(self) -> None:
        if self._process:
            self._process.call("Stop")

    def validate(self, kind: Kind, config: Values) -> list[Any]:
        answer = self._provider().call(
            "ValidateResourceTypeConfig", type_name=kind.terraform, config=config
        )
        return list(answer.diagnostics)

    def plan(self, kind: Kind, held: Held, config: Values) -> Plan:
        answer = self._provider().call(
            "PlanResourceChange",
            type_name=kind.terraform,
            prior_state=held.state,
            proposed_new_state=proposed(kind.block, held.state, config),
            config=config,
            prior_private=held.private,
        )
        refuse_errors(answer.diagnostics)
        replaced = {path.steps[0].attribute_name for path in answer.requires_replace if path.steps}
        return Plan(unpack(answer.planned_state), replaced, answer.planned_private)

    def apply(self, kind: Kind, held: Held, plan: Plan | None, config: Values | None) -> Applied:
        """Make the resource as planned; without a plan, take it away."""
        answer = self._provider().call(
            "ApplyResourceChange",
            type_name=kind.terraform,
            prior_state=held.state,
            planned_state=plan.state if plan else None,
            config=config,
            planned_private=plan.private if plan else held.private,
        )
        errors = [found for found in answer.diagnostics if found.severity == 1]
        return Applied(Held(unpack(answer.new_state), answer.private), errors)

    def read(self, kind: Kind, held: Held) -> Held:
        answer = self._provider().call(
            "ReadResource",
            type_name=kind.terraform,
            current_state=held.state,
            private=held.private,
        )
        refuse_errors(answer.diagnostics)
        return Held(unpack(answer.new_state), answer.private)

    def import_state(self, kind: Kind, resource_id: str) -> Held:
        answer = self._provider().call(
            "ImportResourceState", type_name=kind.terraform, id=resource_id
        )
        refuse_errors(answer.diagnostics)
        for found in answer.imported_resources:
            if found.type_name == kind.terraform:
                return Held(unpack(found.state), found.private)
        return Held(None)

    def upgrade(self, kind: Kind, version: int, state: Values) -> Values:
        """A state written under an older schema of the kind."""
        answer = self._provider().call(
            "UpgradeResourceState",
            type_name=kind.terraform,
            version=version,
            raw_state={"json": json.dumps(state).encode()},
        )
        refuse_errors(answer.diagnostics)
        return unpack(answer.upgraded_state)

    def look_up(self, kind: Kind, config: Values) -> Values:
        provider = self._provider()
        answer = provider.call("ValidateDataSourceConfig", type_name=kind.terraform, config=config)
        refuse_errors(answer.diagnostics)
        answer = provider.call("ReadDataSource", type_name=kind.terraform, config=config)
        refuse_errors(answer.diagnostics)
        return unpack(answer.state)

    def _provider(self) -> TerraformProvider:
        with self._lock:
            if self._process is None:
                self._process = self._started()
            return self._process

    def _started(self) -> TerraformProvider:
        environment = {
            ENDPOINT: emulated_endpoint(),
            "AWS_EC2_METADATA_DISABLED": "true",
            "CHECKPOINT_DISABLE": "1",
            "TMPDIR": tempfile.gettempdir(),
        }
        if not self.region:
            raise NotConfiguredError(
                "no AWS region: set aws:region, or region on the provider resource"
            )
        config = {
            **to_terraform(self._arguments(), self._schema),
            **{name: value for name, value in FORCED.items() if self._has(name)},
            "region": self.region,
            # Some calls put the account before the host (123456789012.127.0.0.1), a name that
            # cannot be looked up: asked as a proxy, the control plane gets them too.
            "http_proxy": environment[ENDPOINT],
        }
        _refuse_silence(environment[ENDPOINT])
        process = TerraformProvider(self._executable, environment)
        try:
            refuse_errors(process.call("PrepareProviderConfig", config=config).diagnostics)
            answer = process.call("Configure", terraform_version=TERRAFORM_VERSION, config=config)
            refuse_errors(answer.diagnostics)
        except BaseException:
            process.stop()
            raise
        return process

    def _has(self, name: str) -> bool:
        return name in self._schema.attributes or name in self._schema.blocks

    def _arguments(self) -> Properties:
        """Settings as the schema names them; the SDK sends everything but text as JSON."""
        arguments: Properties = {}
        for name, field in {**self._schema.attributes, **self._schema.blocks}.items():
            given = self._settings.get(camel(name), self._settings.get(f"{camel(name)}s"))
            is_text = getattr(field, "type", None) == "string"
            if isinstance(given, str) and not is_text:
                given = json.loads(given)
            if given is not None:
                arguments[field.pulumi] = given
        return arguments


def emulated_endpoint() -> str:
    """AWS_ENDPOINT_URL, refused unless it is on this machine: no real AWS is ever called."""
    endpoint = os.environ.get(ENDPOINT, "")
    host = urllib.parse.urlsplit(endpoint).hostname or ""
    if not endpoint:
        raise NotConfiguredError(
            f"{ENDPOINT} is not set: this stand-in for the AWS plugin only talks to the emulated "
            "control plane. Start it with `make up`, or run Pulumi with the official plugin."
        )
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_private
    except ValueError:
        local = False
    if not local:
        raise NotConfiguredError(
            f"{ENDPOINT}={endpoint} is not an address of this machine: this stand-in for the AWS "
            "plugin only talks to the emulated control plane."
        )
    return endpoint


def _refuse_silence(endpoint: str) -> None:
    """Asked first, since the provider would try for long and then speak of credentials."""
    parts = urllib.parse.urlsplit(endpoint)
    try:
        address = parts.hostname or "", parts.port or 80
        socket.create_connection(address, timeout=REACHED_WITHIN).close()
    except OSError as error:
        raise NotConfiguredError(
            f"the emulated control plane does not answer at {endpoint} ({error.strerror or error})."
            " Start it with `make up`."
        ) from error
