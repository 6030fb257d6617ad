import json
from dataclasses import replace
from typing import Any

import pulumi_aws as aws

from components.bucket import Bucket, BucketArgs, CrossOrigin, Expiry, ServiceGrant
from tests.recording import Engine

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
CORS = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"
ARGS = BucketArgs(key_arn=KEY, durable=True, log_bucket="logs")


def build(engine: Engine, args: BucketArgs = ARGS) -> None:
    engine.build(lambda: Bucket("models", args))


def lifecycle(engine: Engine) -> dict[str, dict[str, Any]]:
    return {rule["id"]: rule for rule in engine.one(LIFECYCLE)["rules"]}


def test_no_public_way_to_it(engine: Engine) -> None:
    build(engine)

    block = engine.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    assert all(
        block[way] is True
        for way in (
            "blockPublicAcls",
            "blockPublicPolicy",
            "ignorePublicAcls",
            "restrictPublicBuckets",
        )
    )
    ownership = engine.one("aws:s3/bucketOwnershipControls:BucketOwnershipControls")
    assert ownership["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


def test_nobody_speaks_to_it_without_tls(engine: Engine) -> None:
    build(engine)

    (statement,) = json.loads(engine.one(POLICY)["policy"])["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(statement["Resource"]) == 2


def test_what_lies_in_it_is_under_the_stacks_key(engine: Engine) -> None:
    build(engine)

    (rule,) = engine.one(ENCRYPTION)["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {
        "sseAlgorithm": "aws:kms",
        "kmsMasterKeyId": KEY,
    }
    assert rule["bucketKeyEnabled"] is True


def test_s3s_own_key_where_aws_allows_no_other(engine: Engine) -> None:
    build(engine, replace(ARGS, key_arn=None))

    (rule,) = engine.one(ENCRYPTION)["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}


def test_what_is_overwritten_can_be_had_back_for_a_while(engine: Engine) -> None:
    build(engine)

    versioning = engine.one("aws:s3/bucketVersioning:BucketVersioning")
    assert versioning["versioningConfiguration"] == {"status": "Enabled"}
    assert lifecycle(engine)["remains"]["noncurrentVersionExpiration"] == {"noncurrentDays": 30}


def test_a_broken_off_upload_does_not_stay(engine: Engine) -> None:
    build(engine)

    rule = lifecycle(engine)["remains"]
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}


def test_what_grows_old_under_a_prefix_goes(engine: Engine) -> None:
    build(engine, replace(ARGS, expire=(Expiry(prefix="database/", days=30),)))

    rule = lifecycle(engine)["expire-database"]
    assert rule["filter"] == {"prefix": "database/"}
    assert rule["expiration"] == {"days": 30}


def test_nothing_else_grows_old(engine: Engine) -> None:
    build(engine)

    assert list(lifecycle(engine)) == ["remains"]


def test_pages_of_the_application_may_upload_in_parts(engine: Engine) -> None:
    pages = CrossOrigin(origins=("https://3dgenerator.com",), methods=("PUT",))
    build(engine, replace(ARGS, cross_origin=pages))

    (rule,) = engine.one(CORS)["corsRules"]
    assert rule["allowedOrigins"] == ["https://3dgenerator.com"]
    assert rule["allowedMethods"] == ["PUT"]
    assert rule["exposeHeaders"] == ["ETag"]


def test_pages_read_the_headers_that_are_named(engine: Engine) -> None:
    pages = CrossOrigin(origins=("https://a.example",), methods=("GET",), expose=("X-Amz-Meta-A",))
    build(engine, replace(ARGS, cross_origin=pages))

    assert engine.one(CORS)["corsRules"][0]["exposeHeaders"] == ["X-Amz-Meta-A"]


def test_no_page_named_means_none_may(engine: Engine) -> None:
    build(engine)

    assert engine.of(CORS) == []


def test_who_asked_for_what_is_on_record(engine: Engine) -> None:
    build(engine)

    logging = engine.one(LOGGING)
    assert (logging["targetBucket"], logging["targetPrefix"]) == ("logs", "objects/models/")


def test_a_log_bucket_does_not_log_itself(engine: Engine) -> None:
    build(engine, replace(ARGS, log_bucket=None))

    assert engine.of(LOGGING) == []


def test_a_service_gets_what_it_is_granted_and_no_more(engine: Engine) -> None:
    grant = ServiceGrant(
        service="delivery.logs.amazonaws.com",
        actions=("s3:PutObject",),
        prefix="edge/",
        conditions={"StringEquals": {"aws:SourceAccount": "123456789012"}},
    )
    build(engine, replace(ARGS, grants=(grant,)))

    _, statement = json.loads(engine.one(POLICY)["policy"])["Statement"]
    assert statement["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert statement["Action"] == ["s3:PutObject"]
    assert statement["Resource"].endswith(":models/edge/*")
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_a_durable_bucket_is_not_removed_without_a_human(engine: Engine) -> None:
    build(engine)

    bucket = engine.named(BUCKET, "models")
    assert bucket.protect is True
    assert bucket.inputs["forceDestroy"] is False


def test_a_passing_bucket_goes_with_its_stack(engine: Engine) -> None:
    build(engine, replace(ARGS, durable=False))

    bucket = engine.named(BUCKET, "models")
    assert bucket.protect is False
    assert bucket.inputs["forceDestroy"] is True


def test_the_reader_that_comes_later_brings_the_policy(engine: Engine) -> None:
    build(engine, replace(ARGS, grants=None))

    assert engine.of(POLICY) == []


def test_its_policy_is_written_when_its_public_access_is_closed(engine: Engine) -> None:
    build(engine)

    waited = " ".join(engine.named(POLICY, "models").dependencies)
    assert "BucketPublicAccessBlock::models" in waited


def test_whoever_is_to_write_there_finds_it_allowed(engine: Engine) -> None:
    def program() -> None:
        aws.s3.BucketObjectv2("release", bucket=Bucket("models", ARGS).name)

    engine.build(program)

    waited = " ".join(engine.named("aws:s3/bucketObjectv2:BucketObjectv2", "release").dependencies)
    assert "BucketPolicy::models" in waited
