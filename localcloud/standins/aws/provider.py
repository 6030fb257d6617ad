"""Answers the Pulumi engine for AWS: every operation becomes one of the Terraform provider."""

import functools
import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2

from localcloud.standins.aws import naming, state
from localcloud.standins.aws.catalogue import Catalogue, UnknownKindError
from localcloud.standins.aws.planning import changed
from localcloud.standins.aws.protocol import ERROR, ProviderError, refuse_errors, sentence
from localcloud.standins.aws.schema import Kind
from localcloud.standins.aws.state import DEFAULTS
from localcloud.standins.aws.terraform import Applied, Held, NotConfiguredError, Plan, Terraform
from localcloud.standins.aws.translation import from_terraform, to_terraform
from localcloud.standins.rpc import plugin_pb2, provider_pb2, provider_pb2_grpc
from localcloud.standins.values import (
    UNKNOWN,
    Properties,
    Secret,
    decode_properties,
    encode_struct,
    has_secret,
    has_unknown,
    plain,
)

from pulumi.runtime.proto import status_pb2  # isort: skip - rpc makes its parents first

# Two of these cannot exist side by side: the old one goes first when one is replaced.
LINKS = frozenset(
    {
        "aws_db_instance_role_association",
        "aws_iam_role_policy_attachment",
        "aws_internet_gateway_attachment",
        "aws_lambda_permission",
        "aws_lb_listener",
        "aws_lb_listener_certificate",
        "aws_lb_listener_rule",
        "aws_lb_target_group_attachment",
        "aws_main_route_table_association",
        "aws_network_acl_rule",
        "aws_route",
        "aws_route53_record",
        "aws_route_table_association",
        "aws_s3_bucket_policy",
        "aws_security_group_rule",
        "aws_volume_attachment",
        "aws_vpc_security_group_egress_rule",
        "aws_vpc_security_group_ingress_rule",
    }
)
EXPECTED = (ProviderError, UnknownKindError, NotConfiguredError, naming.NameTooLongError)


class PartlyMadeError(Exception):
    """A resource that exists but is not as it should be: the engine keeps it and tries again."""

    def __init__(
        self, identifier: str, kept: Properties, failures: list[Any], news: Properties
    ) -> None:
        self.reasons = [sentence(failure) for failure in failures]
        super().__init__("; ".join(self.reasons))
        self.detail = provider_pb2.ErrorResourceInitFailed(
            id=identifier,
            properties=encode_struct(kept),
            reasons=self.reasons,
            inputs=encode_struct(news),
        )


def answering(method: Callable[[Any, Any], Any]) -> Any:
    """A failure becomes a status with the reason alone; only what was not foreseen is traced."""

    @functools.wraps(method)
    def answer(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request)
        except PartlyMadeError as error:
            status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
            packed = any_pb2.Any()
            packed.Pack(error.detail)
            status.details.append(packed)
            details = (("grpc-status-details-bin", status.SerializeToString()),)
            context.set_trailing_metadata(details)
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except EXPECTED as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except grpc.RpcError as error:
            reason = error.details() if isinstance(error, grpc.Call) else str(error)
            context.abort(grpc.StatusCode.UNKNOWN, f"the Terraform provider failed: {reason}")
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            context.abort(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}")

    return answer


class AwsProvider(provider_pb2_grpc.ResourceProviderServicer):
    """One configured provider: the engine starts a process for each that the program makes."""

    def __init__(self, catalogue: Catalogue, terraform: Terraform) -> None:
        self._catalogue = catalogue
        self._terraform = terraform
        self._default_tags: Any = {}

    # -- the provider itself ---------------------------------------------------------------

    @answering
    def Handshake(self, request: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    @answering
    def Attach(self, request: Any) -> Any:
        return empty_pb2.Empty()

    @answering
    def GetPluginInfo(self, request: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self._catalogue.version)

    @answering
    def GetSchema(self, request: Any) -> Any:
        named = {"name": "aws", "version": self._catalogue.version}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(named))

    @answering
    def CheckConfig(self, request: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    @answering
    def DiffConfig(self, request: Any) -> Any:
        before, after = decode_properties(request.olds), decode_properties(request.news)
        names = [k for k in {**before, **after} if before.get(k) != after.get(k)]
        kind = provider_pb2.DiffResponse
        return kind(changes=kind.DIFF_SOME if names else kind.DIFF_NONE, diffs=names)

    @answering
    def Configure(self, request: Any) -> Any:
        given = plain(decode_properties(request.args))
        for name, value in request.variables.items():
            given.setdefault(name.rpartition(":")[2], value)
        self._default_tags = _default_tags(given.pop("defaultTags", None))
        self._terraform.configure({k: v for k, v in given.items() if not has_unknown(v)})
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @answering
    def Cancel(self, request: Any) -> Any:
        self._terraform.cancel()
        return empty_pb2.Empty()

    # -- resources -------------------------------------------------------------------------

    @answering
    def Check(self, request: Any) -> Any:
        kind = self._kind(request)
        news = _given(decode_properties(request.news))
        failures = [provider_pb2.CheckFailure(reason=reason) for reason in _not_served(kind, news)]
        if failures:
            return provider_pb2.CheckResponse(inputs=request.news, failures=failures)
        self._add_default_tags(kind, news)
        news[DEFAULTS] = _give_name(kind, news, decode_properties(request.olds), request)
        found = self._terraform.validate(kind, configuration(kind, news))
        failures = [_check_failure(kind, problem) for problem in found if problem.severity == ERROR]
        return provider_pb2.CheckResponse(inputs=encode_struct(news), failures=failures)

    @answering
    def Diff(self, request: Any) -> Any:
        kind = self._kind(request)
        news = decode_properties(request.news)
        held = state.held(kind, decode_properties(request.olds), self._terraform)
        before = held.state or {}
        config = configuration(kind, news)
        if "timeouts" in config:
            config["timeouts"] = before.get("timeouts")
        plan = self._terraform.plan(kind, held, config)
        names = changed(kind.block, before, plan.state)
        replacing = [name for name in names if name in plan.replaced_by]
        response = provider_pb2.DiffResponse(
            changes=_some(names),
            diffs=[kind.block.pulumi_name(name) for name in names],
            replaces=[kind.block.pulumi_name(name) for name in replacing],
            hasDetailedDiff=True,
            deleteBeforeReplace=bool(replacing) and _old_one_first(kind, news, names),
        )
        for name in names:
            step = _step(before.get(name), plan.state.get(name))
            step += "_REPLACE" if name in replacing else ""
            difference = response.detailedDiff[kind.block.pulumi_name(name)]
            difference.kind = provider_pb2.PropertyDiff.Kind.Value(step)
        return response

    @answering
    def Create(self, request: Any) -> Any:
        kind = self._kind(request)
        news = decode_properties(request.properties)
        config = configuration(kind, news, create=request.timeout)
        nothing = Held(None)
        plan = self._terraform.plan(kind, nothing, config)
        if request.preview:
            return provider_pb2.CreateResponse(properties=self._planned(kind, plan, news))
        applied = self._terraform.apply(kind, nothing, plan, config)
        identifier, kept = self._finished(kind, applied, news)
        return provider_pb2.CreateResponse(id=identifier, properties=encode_struct(kept))

    @answering
    def Update(self, request: Any) -> Any:
        kind = self._kind(request)
        news = decode_properties(request.news)
        held = state.held(kind, decode_properties(request.olds), self._terraform)
        config = configuration(kind, news, update=request.timeout)
        plan = self._terraform.plan(kind, held, config)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=self._planned(kind, plan, news))
        applied = self._terraform.apply(kind, held, plan, config)
        _, kept = self._finished(kind, applied, news, request.id)
        return provider_pb2.UpdateResponse(properties=encode_struct(kept))

    @answering
    def Delete(self, request: Any) -> Any:
        kind = self._kind(request)
        held = state.held(kind, decode_properties(request.properties), self._terraform)
        if held.state is not None:
            refuse_errors(self._terraform.apply(kind, held, None, None).failures)
        return empty_pb2.Empty()

    @answering
    def Read(self, request: Any) -> Any:
        kind = self._kind(request)
        inputs = decode_properties(request.inputs)
        before = state.held(kind, decode_properties(request.properties), self._terraform)
        imported = before.state is None
        if imported:
            before = self._terraform.import_state(kind, request.id)
        after = self._terraform.read(kind, before)
        if after.state is None:
            return provider_pb2.ReadResponse()
        kept = state.kept(kind, after, inputs, self._terraform.region)
        found = _inputs_of(kind, kept) if imported else _drifted(kind, inputs, before, kept)
        return provider_pb2.ReadResponse(
            id=str(after.state.get("id") or request.id),
            properties=encode_struct(kept),
            inputs=encode_struct(found),
        )

    # -- functions -------------------------------------------------------------------------

    @answering
    def Invoke(self, request: Any) -> Any:
        kind = self._catalogue.function(request.tok)
        arguments = _given(plain(decode_properties(request.args)))
        failures = [
            provider_pb2.CheckFailure(reason=reason) for reason in _not_served(kind, arguments)
        ]
        if failures:
            return provider_pb2.InvokeResponse(failures=failures)
        found = self._terraform.look_up(kind, configuration(kind, arguments))
        result = state.outputs(kind, found, {}, self._terraform.region)
        result["id"] = found.get("id") or "-"
        returned: dict[str, Any] = {"return": encode_struct(result)}
        return provider_pb2.InvokeResponse(**returned)

    # --------------------------------------------------------------------------------------

    def _kind(self, request: Any) -> Kind:
        return self._catalogue.resource(request.urn.split("::")[2].rpartition("$")[2])

    def _planned(self, kind: Kind, plan: Plan, news: Properties) -> Any:
        return encode_struct(state.outputs(kind, plan.state, news, self._terraform.region))

    def _finished(
        self, kind: Kind, applied: Applied, news: Properties, known_id: str = ""
    ) -> tuple[str, Properties]:
        found = applied.held.state or {}
        identifier = str(found.get("id") or found.get("arn") or known_id)
        kept = state.kept(kind, applied.held, news, self._terraform.region) if found else {}
        if applied.failures and found and identifier:
            raise PartlyMadeError(identifier, kept, applied.failures, news)
        refuse_errors(applied.failures)
        return identifier, kept

    def _add_default_tags(self, kind: Kind, news: Properties) -> None:
        """The official plugin puts them among a resource's own tags, where policies see them."""
        if not self._default_tags or not {"tags", "tags_all"} <= kind.block.attributes.keys():
            return
        own = news.get("tags", {})
        if self._default_tags is UNKNOWN or plain(own) is UNKNOWN:
            news["tags"] = UNKNOWN
        elif isinstance(own, Secret):
            news["tags"] = Secret({**self._default_tags, **own.value})
        else:
            news["tags"] = {**self._default_tags, **own}


def configuration(kind: Kind, news: Properties, **timeouts: float) -> dict[str, Any]:
    """Inputs as Terraform's configuration of a kind."""
    config = to_terraform(plain(news), kind.block)
    for name, field in kind.block.attributes.items():
        if (field.computed and not field.optional) or (name == "id" and not field.required):
            config[name] = None
    limits = kind.block.blocks.get("timeouts")
    if limits:
        given = {
            name: f"{int(seconds)}s"
            for name, seconds in timeouts.items()
            if seconds and name in limits.block.attributes
        }
        config["timeouts"] = {**dict.fromkeys(limits.block.attributes), **given} if given else None
    return config


def _given(properties: Properties) -> Properties:
    return {name: value for name, value in properties.items() if value is not None}


def _not_served(kind: Kind, given: Properties) -> list[str]:
    """Inputs that the SDK takes and provider 5 does not know: refused, never dropped."""
    settable = {field.pulumi for field in kind.block.attributes.values() if field.settable}
    settable |= {nested.pulumi for nested in kind.block.blocks.values()}
    refused: list[str] = []
    for name in given:
        if name in settable or name.startswith("__"):
            continue
        if name == "region":
            reason = (
                "`region` on one resource needs the AWS provider 6, and the local cloud runs "
                "5.100. Give the resource a provider of that region instead."
            )
        elif name in kind.inputs:
            reason = f"`{name}` needs the AWS provider 6, and the local cloud runs 5.100."
        else:
            reason = f"`{name}` is not a property of {kind.token}."
        refused.append(reason)
    return refused


def _give_name(kind: Kind, news: Properties, olds: Properties, request: Any) -> list[str]:
    """Name a resource that has none, once for its whole life; the properties so filled."""
    field = naming.named_field(kind)
    if field is None or field.pulumi in news or f"{field.pulumi}Prefix" in news:
        return []
    name = field.pulumi
    if name in (olds.get(DEFAULTS) or []) and olds.get(name) is not None:
        news[name] = olds[name]
    else:
        logical_name = request.urn.split("::")[-1]
        seed = request.randomSeed or request.urn.encode()
        news[name] = naming.new_name(kind, logical_name, seed)
    return [name]


def _check_failure(kind: Kind, diagnostic: Any) -> Any:
    """Names the property in the text: in a field of its own, the engine prints its value too."""
    steps = [s.attribute_name or str(s.element_key_int) for s in diagnostic.attribute.steps]
    if not steps:
        return provider_pb2.CheckFailure(reason=sentence(diagnostic))
    where = ".".join([kind.block.pulumi_name(steps[0]), *steps[1:]])
    return provider_pb2.CheckFailure(reason=f"{where}: {sentence(diagnostic)}")


def _old_one_first(kind: Kind, news: Properties, changes: list[str]) -> bool:
    """Links, and what keeps a name that the program chose: two of one name cannot exist."""
    if kind.terraform in LINKS:
        return True
    field = kind.block.attributes.get(naming.rule_of(kind).field)
    if field is None or naming.rule_of(kind).field in changes:
        return False
    return news.get(field.pulumi) is not None and field.pulumi not in news.get(DEFAULTS, [])


def _some(names: list[str]) -> Any:
    kind = provider_pb2.DiffResponse
    return kind.DIFF_SOME if names else kind.DIFF_NONE


def _step(before: Any, after: Any) -> str:
    if before in (None, [], {}):
        return "ADD"
    return "DELETE" if after in (None, [], {}) else "UPDATE"


def _inputs_of(kind: Kind, kept: Properties) -> Properties:
    """What a program would have written for an imported resource."""
    settable = {field.pulumi for field in kind.block.attributes.values() if field.settable}
    settable |= {nested.pulumi for nested in kind.block.blocks.values()}
    settable -= {"tagsAll", "region"}
    found = {
        name: value
        for name, value in kept.items()
        if name in kind.inputs and name in settable and plain(value) not in (None, [], {})
    }
    return {**found, DEFAULTS: []}


def _drifted(kind: Kind, inputs: Properties, before: Held, kept: Properties) -> Properties:
    """The inputs, changed where the resource itself has changed."""
    was = from_terraform(before.state or {}, kind.block)
    found = dict(inputs)
    for name, value in inputs.items():
        now = plain(kept.get(name))
        if name in kept and not name.startswith("__") and was.get(name) != now:
            found[name] = Secret(now) if has_secret(value) else now
    return found


def _default_tags(given: Any) -> Any:
    if given is UNKNOWN or has_unknown(given):
        return UNKNOWN
    parsed = json.loads(given) if isinstance(given, str) and given else given or {}
    return parsed.get("tags") or {}
