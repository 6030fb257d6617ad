from dataclasses import replace

import pulumi

from components.bucket import Bucket, BucketArgs
from components.providers import Providers, ProvidersArgs
from tests.recording import ACCOUNT, Engine

PROVIDER = "pulumi:providers:aws"
ARGS = ProvidersArgs(
    region="eu-west-1",
    recovery_region="eu-central-1",
    account=ACCOUNT,
    tags={"project": "groundwork", "stack": "prod"},
)


def test_each_door_opens_to_its_region(engine: Engine) -> None:
    engine.build(lambda: Providers("aws", ARGS))

    assert {r.name: r.inputs["region"] for r in engine.registered if r.typ == PROVIDER} == {
        "aws-main": "eu-west-1",
        "aws-edge": "us-east-1",
        "aws-recovery": "eu-central-1",
    }


def test_whatever_is_made_through_one_is_tagged(engine: Engine) -> None:
    engine.build(lambda: Providers("aws", ARGS))

    for provider in engine.of(PROVIDER):
        assert '"stack":"prod"' in str(provider["defaultTags"]).replace("'", '"').replace(" ", "")


def test_no_other_account_is_ever_touched(engine: Engine) -> None:
    engine.build(lambda: Providers("aws", ARGS))

    assert all(ACCOUNT in str(p["allowedAccountIds"]) for p in engine.of(PROVIDER))


def test_any_account_where_none_is_named(engine: Engine) -> None:
    engine.build(lambda: Providers("aws", replace(ARGS, account=None)))

    assert all("allowedAccountIds" not in provider for provider in engine.of(PROVIDER))


def test_what_stands_in_a_component_is_made_through_the_components_door(engine: Engine) -> None:
    def program() -> None:
        providers = Providers("aws", ARGS)
        Bucket(
            "copies",
            BucketArgs(key_arn="arn:key", durable=True),
            opts=pulumi.ResourceOptions(providers=[providers.recovery]),
        )

    engine.build(program)

    made = [r for r in engine.registered if r.custom and r.typ.startswith("aws:s3/")]
    assert made
    assert all("::aws-recovery::" in resource.provider for resource in made)
