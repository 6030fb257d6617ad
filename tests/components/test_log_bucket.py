import json

from components.log_bucket import LogBucket, LogBucketArgs
from tests.recording import ACCOUNT, Engine

POLICY = "aws:s3/bucketPolicy:BucketPolicy"


def build(engine: Engine) -> None:
    engine.build(lambda: LogBucket("logs", LogBucketArgs(account=ACCOUNT, days=90, durable=True)))


def test_each_service_writes_into_its_own_folder(engine: Engine) -> None:
    build(engine)

    _, *grants = json.loads(engine.one(POLICY)["policy"])["Statement"]
    assert {g["Principal"]["Service"]: g["Resource"].partition(":logs/")[2] for g in grants} == {
        "logdelivery.elasticloadbalancing.amazonaws.com": f"load-balancer/AWSLogs/{ACCOUNT}/*",
        "delivery.logs.amazonaws.com": "edge/*",
        "logging.s3.amazonaws.com": "objects/*",
    }
    assert all(grant["Action"] == ["s3:PutObject"] for grant in grants)


def test_no_other_account_makes_a_service_write_here(engine: Engine) -> None:
    build(engine)

    _, *grants = json.loads(engine.one(POLICY)["policy"])["Statement"]
    assert all(ACCOUNT in json.dumps(grant) for grant in grants)


def test_old_records_go(engine: Engine) -> None:
    build(engine)

    rules = engine.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")["rules"]
    assert {"days": 90} in [rule.get("expiration") for rule in rules]
