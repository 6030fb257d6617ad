"""Databases, caches and buckets."""

from policies.rules.rds_multi_az import rds_multi_az
from policies.rules.rds_protected import rds_protected
from policies.rules.rds_storage_encrypted import rds_storage_encrypted
from policies.rules.s3_public_access_blocked import s3_public_access_blocked
from policies.testing import Declared
from tests.policies.table import ABSENT, Case, both, on, options, unknown, without

DATABASE = Declared(
    "aws:rds/instance:Instance",
    {"engine": "postgres", "storageEncrypted": True, "multiAz": True},
    protect=True,
)
BUCKET = Declared("aws:s3/bucket:Bucket", {"bucket": "uploads"}, name="bucket")
BLOCK = Declared(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    {
        "bucket": BUCKET,
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    },
    name="block",
)
REPLICA = {"replicateSourceDb": "main"}

CASES = [
    Case(
        rds_storage_encrypted,
        [DATABASE],
        refused=[{"storageEncrypted": False}, {"storageEncrypted": ABSENT}],
        unknown=unknown("storageEncrypted"),
        allowed=[{"storageEncrypted": ABSENT, **REPLICA}],
    ),
    Case(
        rds_multi_az,
        [DATABASE],
        refused=[{"multiAz": False}, {"multiAz": ABSENT}],
        unknown=unknown("multiAz"),
        allowed=[{"multiAz": ABSENT, **REPLICA}],
    ),
    Case(
        rds_protected,
        [DATABASE],
        refused=[options("subject", protect=False)],
        unknown=unknown("replicateSourceDb"),
        allowed=[both(options("subject", protect=False), REPLICA)],
    ),
    Case(
        s3_public_access_blocked,
        [BUCKET, BLOCK],
        refused=[
            without("block"),
            on("block", {"blockPublicAcls": False}),
            on("block", {"blockPublicPolicy": ABSENT}),
            on("block", {"ignorePublicAcls": False}),
            on("block", {"restrictPublicBuckets": False}),
            on("block", {"bucket": "another"}),
        ],
        unknown=on("block", unknown("blockPublicAcls")),
        allowed=[on("block", {"bucket": "uploads"})],
    ),
]
