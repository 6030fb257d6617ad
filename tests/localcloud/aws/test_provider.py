"""What the engine is told: refusals by name, names, tags, secrets, replacements."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from localcloud.standins.aws.catalogue import UnknownKindError
from localcloud.standins.aws.provider import AwsProvider
from localcloud.standins.aws.schema import Attribute, Block, Kind, Shape
from localcloud.standins.aws.state import HIDDEN
from localcloud.standins.aws.terraform import Applied, Held, Plan
from localcloud.standins.rpc import provider_pb2
from localcloud.standins.values import (
    SIGNATURE,
    Properties,
    Secret,
    decode_properties,
    encode_struct,
)


def field(name: str, **flags: Any) -> Attribute:
    return Attribute(name, flags.pop("type", "string"), Shape(), **{"optional": True, **flags})


BALANCER = Kind(
    token="aws:lb/loadBalancer:LoadBalancer",
    terraform="aws_lb",
    version=0,
    block=Block(
        {
            "id": field("id", computed=True),
            "arn": field("arn", optional=False, computed=True),
            "name": field("name", computed=True),
            "subnets": field("subnets", type=["set", "string"]),
            "password": field("password", sensitive=True),
            "tags": field("tags", type=["map", "string"]),
            "tags_all": field("tagsAll", type=["map", "string"], computed=True),
        }
    ),
    inputs=["name", "subnets", "password", "tags", "region", "zonalShift"],
    required=[],
    outputs=["arn", "name", "region", "subnets", "password", "tags", "tagsAll"],
    secrets=[],
)
URN = "urn:pulumi:dev::kinds::aws:lb/loadBalancer:LoadBalancer::web"


class FakeCatalogue:
    version = "7.0.0"

    def resource(self, token: str) -> Kind:
        if token != BALANCER.token:
            raise UnknownKindError(f"{token} needs more")
        return BALANCER


class FakeTerraform:
    """A provider that makes what it is asked to, and remembers it."""

    region = "eu-west-1"

    def __init__(self) -> None:
        self.settings: Properties = {}
        self.configs: list[dict[str, Any]] = []
        self.replacing: set[str] = set()
        self.failures: list[Any] = []
        self.diagnostics: list[Any] = []
        self.found: dict[str, Any] | None = None
        self.imported: list[str] = []

    def configure(self, settings: Properties) -> None:
        self.settings = settings

    def validate(self, kind: Kind, config: dict[str, Any]) -> list[Any]:
        self.configs.append(config)
        return self.diagnostics

    def plan(self, kind: Kind, held: Held, config: dict[str, Any]) -> Plan:
        self.configs.append(config)
        state = {**(held.state or {}), **{k: v for k, v in config.items() if v is not None}}
        return Plan(state, self.replacing, b"planned")

    def apply(self, kind: Kind, held: Held, plan: Plan | None, config: Any) -> Applied:
        made = {**plan.state, "id": "lb-1", "arn": "arn:lb"} if plan else None
        return Applied(Held(made, b"private"), self.failures)

    def import_state(self, kind: Kind, resource_id: str) -> Held:
        self.imported.append(resource_id)
        return Held({"id": resource_id})

    def read(self, kind: Kind, held: Held) -> Held:
        return Held(self.found, held.private)


class RefusedError(Exception):
    """What the engine would be told."""


class Context:
    def __init__(self) -> None:
        self.trailing: Any = ()

    def set_trailing_metadata(self, metadata: Any) -> None:
        self.trailing = metadata

    def abort(self, code: Any, reason: str) -> None:
        raise RefusedError(reason)


@pytest.fixture
def terraform() -> FakeTerraform:
    return FakeTerraform()


@pytest.fixture
def provider(terraform: FakeTerraform) -> Any:
    catalogue: Any = FakeCatalogue()
    served: Any = terraform
    return AwsProvider(catalogue, served)


def check(provider: Any, olds: Properties | None = None, urn: str = URN, **news: Any) -> Any:
    request = provider_pb2.CheckRequest(
        urn=urn,
        news=encode_struct(news),
        olds=encode_struct(olds or {}),
        randomSeed=b"seed",
    )
    return provider.Check(request, Context())


def inputs(response: Any) -> Properties:
    assert not response.failures, response.failures
    return decode_properties(response.inputs)


def create(provider: Any, *, preview: bool = False, **news: Any) -> Properties:
    request = provider_pb2.CreateRequest(urn=URN, properties=encode_struct(news), preview=preview)
    return decode_properties(provider.Create(request, Context()).properties)


def diff(provider: Any, olds: Properties, **news: Any) -> Any:
    request = provider_pb2.DiffRequest(urn=URN, olds=encode_struct(olds), news=encode_struct(news))
    return provider.Diff(request, Context())


def test_a_region_of_its_own_is_refused_by_name(provider: Any) -> None:
    (failure,) = check(provider, region="us-east-1").failures

    assert "`region` on one resource" in failure.reason
    assert "provider of that region" in failure.reason


def test_what_only_a_newer_provider_knows_is_refused_by_name(provider: Any) -> None:
    (failure,) = check(provider, zonalShift=True).failures

    assert failure.reason.startswith("`zonalShift` needs the AWS provider 6")


def test_a_property_that_does_not_exist_is_refused_by_name(provider: Any) -> None:
    (failure,) = check(provider, subnet="a").failures

    assert failure.reason == f"`subnet` is not a property of {BALANCER.token}."


def test_a_kind_that_is_not_served_is_refused_by_name(provider: Any) -> None:
    with pytest.raises(RefusedError, match="aws:vpc/routeServer:RouteServer needs more"):
        check(provider, urn="urn:pulumi:dev::kinds::aws:vpc/routeServer:RouteServer::one")


def test_a_refused_value_is_not_handed_to_the_engine_to_print(
    provider: Any, terraform: FakeTerraform
) -> None:
    step = SimpleNamespace(attribute_name="password", element_key_int=0)
    terraform.diagnostics = [
        SimpleNamespace(
            severity=1,
            summary="too short",
            detail="",
            attribute=SimpleNamespace(steps=[step]),
        )
    ]

    (failure,) = check(provider, password=Secret("horse")).failures

    assert failure.reason == "password: too short"
    assert failure.property == ""


def test_a_name_is_made_once_and_kept(provider: Any) -> None:
    first = inputs(check(provider))
    again = inputs(check(provider, olds=first))

    assert first["name"].startswith("web-")
    assert len(first["name"]) == len("web-") + 7
    assert again["name"] == first["name"]
    assert first["__defaults"] == ["name"]


def test_a_name_that_was_given_stays(provider: Any) -> None:
    assert inputs(check(provider, name="mine"))["name"] == "mine"


def test_a_name_with_no_room_for_its_digits_is_refused(provider: Any) -> None:
    with pytest.raises(RefusedError, match=r"has 38 characters.*at most 32.*by 6"):
        check(provider, urn=URN[: -len("web")] + "w" * 30)


def configure(provider: Any, **settings: Any) -> None:
    provider.Configure(provider_pb2.ConfigureRequest(args=encode_struct(settings)), Context())


def test_default_tags_are_among_the_resources_own(provider: Any, terraform: FakeTerraform) -> None:
    configure(provider, region="eu-west-1", defaultTags=json.dumps({"tags": {"Stack": "dev"}}))

    tagged = inputs(check(provider, tags={"Stack": "mine", "Role": "web"}))
    bare = inputs(check(provider))

    assert tagged["tags"] == {"Stack": "mine", "Role": "web"}
    assert bare["tags"] == {"Stack": "dev"}
    assert terraform.settings == {"region": "eu-west-1"}


def test_a_secret_is_one_in_the_outputs_and_in_the_hidden_state(provider: Any) -> None:
    made = create(provider, name="web", password=Secret("correct-horse"))

    assert made["password"] == Secret("correct-horse")
    assert isinstance(made[HIDDEN], Secret)
    plain = json.dumps({k: v for k, v in made.items() if not isinstance(v, Secret)})
    assert "correct-horse" not in plain


def test_the_hidden_state_travels_as_a_secret(provider: Any) -> None:
    request = provider_pb2.CreateRequest(urn=URN, properties=encode_struct({"name": "web"}))

    wire = provider.Create(request, Context()).properties.fields[HIDDEN]

    assert SIGNATURE in wire.struct_value.fields


def test_a_preview_makes_nothing_and_hides_nothing(provider: Any) -> None:
    planned = create(provider, preview=True, name="web")

    assert HIDDEN not in planned
    assert "id" not in planned
    assert planned["region"] == "eu-west-1"


def test_nothing_changed_is_no_difference(provider: Any) -> None:
    made = create(provider, name="web", subnets=["a"])

    response = diff(provider, made, name="web", subnets=["a"])

    assert response.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_replaced_resource_of_a_chosen_name_goes_first(
    provider: Any, terraform: FakeTerraform
) -> None:
    made = create(provider, name="web", subnets=["a"])
    terraform.replacing = {"subnets"}

    chosen = diff(provider, made, name="web", subnets=["b"], __defaults=[])
    given = diff(provider, made, name="web", subnets=["b"], __defaults=["name"])

    assert list(chosen.replaces) == ["subnets"]
    assert chosen.deleteBeforeReplace
    assert not given.deleteBeforeReplace


def test_a_resource_made_in_part_is_kept_with_the_reason(
    provider: Any, terraform: FakeTerraform
) -> None:
    terraform.failures = [SimpleNamespace(summary="no tags", detail="denied")]
    context = Context()
    request = provider_pb2.CreateRequest(urn=URN, properties=encode_struct({"name": "web"}))

    with pytest.raises(RefusedError, match="no tags: denied"):
        provider.Create(request, context)

    ((key, details),) = context.trailing
    assert key == "grpc-status-details-bin"
    assert b"ErrorResourceInitFailed" in details
    assert b"lb-1" in details


FOUND = {
    "id": "lb-1",
    "arn": "arn:lb",
    "name": "web",
    "subnets": ["a"],
    "tags": {"Role": "web"},
    "tags_all": {"Role": "web"},
}


def read(provider: Any, state: Properties, inputs: Properties) -> Any:
    request = provider_pb2.ReadRequest(
        urn=URN, id="lb-1", properties=encode_struct(state), inputs=encode_struct(inputs)
    )
    return provider.Read(request, Context())


def test_an_existing_resource_is_imported_with_the_inputs_a_program_would_give(
    provider: Any, terraform: FakeTerraform
) -> None:
    terraform.found = FOUND

    response = read(provider, {}, {})

    assert terraform.imported == ["lb-1"]
    assert response.id == "lb-1"
    assert decode_properties(response.inputs) == {
        "name": "web",
        "subnets": ["a"],
        "tags": {"Role": "web"},
        "__defaults": [],
    }


def test_a_resource_that_is_gone_has_no_id(provider: Any, terraform: FakeTerraform) -> None:
    made = create(provider, name="web")
    terraform.found = None

    assert read(provider, made, {"name": "web"}).id == ""


def test_a_refresh_shows_what_drifted_and_nothing_else(
    provider: Any, terraform: FakeTerraform
) -> None:
    given: Properties = {"name": "web", "subnets": ["a"], "password": Secret("horse")}
    made = create(provider, **given)
    terraform.found = {**FOUND, "subnets": ["a", "b"], "password": "horse"}

    found = decode_properties(read(provider, made, given).inputs)

    assert terraform.imported == []
    assert found == {**given, "subnets": ["a", "b"]}


def test_a_secret_that_drifted_is_still_one(provider: Any, terraform: FakeTerraform) -> None:
    given: Properties = {"name": "web", "password": Secret("horse")}
    made = create(provider, **given)
    terraform.found = {**FOUND, "password": "stable"}

    response = read(provider, made, given)

    assert decode_properties(response.inputs)["password"] == Secret("stable")
    assert decode_properties(response.properties)["password"] == Secret("stable")
