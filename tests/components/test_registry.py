import json
from dataclasses import replace

from components.registry import Registry, RegistryArgs
from tests.recording import Engine

REPOSITORY = "aws:ecr/repository:Repository"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"
ARGS = RegistryArgs(key_arn=KEY, keep=20, durable=True)


def test_a_tag_never_changes_what_it_means(engine: Engine) -> None:
    engine.build(lambda: Registry("api", ARGS))

    assert engine.one(REPOSITORY)["imageTagMutability"] == "IMMUTABLE"


def test_each_image_is_scanned_as_it_arrives(engine: Engine) -> None:
    engine.build(lambda: Registry("api", ARGS))

    assert engine.one(REPOSITORY)["imageScanningConfiguration"] == {"scanOnPush": True}


def test_images_are_under_the_stacks_key(engine: Engine) -> None:
    engine.build(lambda: Registry("api", ARGS))

    assert engine.one(REPOSITORY)["encryptionConfigurations"] == [
        {"encryptionType": "KMS", "kmsKey": KEY}
    ]


def test_the_oldest_go(engine: Engine) -> None:
    engine.build(lambda: Registry("api", ARGS))

    policy = json.loads(engine.one("aws:ecr/lifecyclePolicy:LifecyclePolicy")["policy"])
    (rule,) = policy["rules"]
    assert rule["selection"]["countNumber"] == 20
    assert rule["action"] == {"type": "expire"}


def test_a_durable_one_is_not_removed_without_a_human(engine: Engine) -> None:
    engine.build(lambda: Registry("api", ARGS))

    assert engine.named(REPOSITORY, "api").protect is True
    assert engine.one(REPOSITORY)["forceDelete"] is False


def test_a_passing_one_goes_with_its_stack(engine: Engine) -> None:
    engine.build(lambda: Registry("api", replace(ARGS, durable=False)))

    assert engine.named(REPOSITORY, "api").protect is False
    assert engine.one(REPOSITORY)["forceDelete"] is True
