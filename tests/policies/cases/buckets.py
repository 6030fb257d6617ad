"""Buckets and the resources that complete them."""

import json
from typing import Any

from policies.rules.s3_access_logs import s3_access_logs
from policies.rules.s3_access_point_blocks_public import s3_access_point_blocks_public
from policies.rules.s3_account_block_stays_on import s3_account_block_stays_on
from policies.rules.s3_acls_disabled import s3_acls_disabled
from policies.rules.s3_bucket_protected import s3_bucket_protected
from policies.rules.s3_cors_names_origins import s3_cors_names_origins
from policies.rules.s3_deletion_needs_device import s3_deletion_needs_device
from policies.rules.s3_encrypted_with_own_key import s3_encrypted_with_own_key
from policies.rules.s3_former_versions_expire import s3_former_versions_expire
from policies.rules.s3_has_lifecycle import s3_has_lifecycle
from policies.rules.s3_no_public_acl import s3_no_public_acl
from policies.rules.s3_not_a_website import s3_not_a_website
from policies.rules.s3_not_emptied_by_deletion import s3_not_emptied_by_deletion
from policies.rules.s3_objects_locked import s3_objects_locked
from policies.rules.s3_policy_keeps_control import s3_policy_keeps_control
from policies.rules.s3_policy_not_public import s3_policy_not_public
from policies.rules.s3_public_access_blocked import s3_public_access_blocked
from policies.rules.s3_replicated import s3_replicated
from policies.rules.s3_requires_tls import s3_requires_tls
from policies.rules.s3_tells_of_new_files import s3_tells_of_new_files
from policies.rules.s3_versioned import s3_versioned
from policies.testing import UNKNOWN, Declared
from tests.policies.table import (
    ABSENT,
    Case,
    Change,
    as_type,
    both,
    changed,
    on,
    options,
    plus,
    unknown,
    without,
)

BUCKET = Declared(
    "aws:s3/bucket:Bucket",
    {"bucket": "uploads", "forceDestroy": False, "objectLockEnabled": True},
    name="bucket",
    protect=True,
)
OLD_BUCKET = "aws:s3/bucketV2:BucketV2"


def part(kind: str, name: str, **props: Any) -> Declared:
    lower = kind[0].lower() + kind[1:]
    return Declared(f"aws:s3/{lower}:{kind}", {"bucket": BUCKET, **props}, name=name)


def old_kind(name: str) -> Change:
    """The part of that name, and the bucket, under their former kinds."""

    def rename(type: str) -> str:
        module, _, kind = type.rpartition(":")
        return f"{module}V2:{kind}V2"

    def apply(stack: list[Declared]) -> list[Declared]:
        bucket = changed([stack[0]], as_type(OLD_BUCKET, stack[0].props))[0]
        renamed = {"bucket": bucket}
        for each in stack[1:]:
            props = {
                key: bucket if value is stack[0] else value for key, value in each.props.items()
            }
            type = rename(each.type) if each.name == name else each.type
            renamed[each.name] = Declared(type, props, name=each.name)
        return list(renamed.values())

    return apply


ALL_FLAGS = {
    "blockPublicAcls": True,
    "blockPublicPolicy": True,
    "ignorePublicAcls": True,
    "restrictPublicBuckets": True,
}
BLOCK = part("BucketPublicAccessBlock", "block", **ALL_FLAGS)
ENCRYPTION = part(
    "BucketServerSideEncryptionConfiguration",
    "encryption",
    rules=[{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}],
)
VERSIONING = part(
    "BucketVersioning",
    "versioning",
    versioningConfiguration={"status": "Enabled", "mfaDelete": "Enabled"},
)
LIFECYCLE = part(
    "BucketLifecycleConfiguration",
    "lifecycle",
    rules=[
        {"id": "a", "status": "Disabled"},
        {
            "id": "b",
            "status": "Enabled",
            "noncurrentVersionExpiration": {"noncurrentDays": 30},
        },
    ],
)
LOGGING = part("BucketLogging", "logging", targetBucket="logs")
OWNERSHIP = part(
    "BucketOwnershipControls", "ownership", rule={"objectOwnership": "BucketOwnerEnforced"}
)
NOTIFICATION = part("BucketNotification", "notification")
REPLICATION = part("BucketReplicationConfig", "replication", role="arn:role")
ACL = Declared("aws:s3/bucketAcl:BucketAcl", {"bucket": "uploads", "acl": "private"}, name="acl")

# What makes a bucket one that receives logs.
POLICY_OF_LOGS = part("BucketPolicy", "policy-of-logs", policy=UNKNOWN)
BALANCER = Declared(
    "aws:lb/loadBalancer:LoadBalancer",
    {"accessLogs": {"bucket": BUCKET, "enabled": True}},
    name="balancer",
)
BALANCER_BY_NAME = Declared(
    BALANCER.type, {"accessLogs": {"bucket": "uploads", "enabled": True}}, name="balancer"
)
CONNECTIONS = Declared(
    "aws:alb/loadBalancer:LoadBalancer",
    {"connectionLogs": {"bucket": BUCKET, "enabled": True}},
    name="balancer",
)
CDN = Declared(
    "aws:cloudfront/distribution:Distribution", {"loggingConfig": {"bucket": BUCKET}}, name="cdn"
)
OTHER_LOGGING = Declared(
    "aws:s3/bucketLogging:BucketLogging", {"bucket": "files", "targetBucket": BUCKET}, name="other"
)
THROUGH_POLICY = Declared(
    BALANCER.type, {"accessLogs": {"bucket": POLICY_OF_LOGS, "enabled": True}}, name="balancer"
)
ELSEWHERE = Declared("aws:s3/bucket:Bucket", {"bucket": "elsewhere"}, name="elsewhere")
BALANCER_ELSEWHERE = Declared(
    BALANCER.type, {"accessLogs": {"bucket": ELSEWHERE, "enabled": True}}, name="balancer"
)
WRITERS = (BALANCER, BALANCER_BY_NAME, CONNECTIONS, CDN, OTHER_LOGGING)


def statement(effect: str = "Allow", **parts: Any) -> dict[str, Any]:
    """A policy of one statement."""
    content = {"Effect": effect, "Resource": ["arn:aws:s3:::uploads/*"], **parts}
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [content]})}


PLAIN_TEXT = {"Bool": {"aws:SecureTransport": "false"}}
TLS_ONLY = statement("Deny", Principal="*", Action="s3:*", Condition=PLAIN_TEXT)
POLICY = part("BucketPolicy", "policy", **TLS_ONLY)
# The policy takes the bucket's name from the block, so as to come after it.
POLICY_AFTER_BLOCK = Declared(POLICY.type, {"bucket": BLOCK, **TLS_ONLY}, name="after-block")
ACCOUNT = {"AWS": "arn:aws:iam::123456789012:role/web"}
GRANT = Declared(
    POLICY.type,
    {"bucket": "uploads", **statement(Principal=ACCOUNT, Action=["s3:GetObject"])},
)
CORS = Declared(
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
    {
        "corsRules": [
            {"allowedMethods": ["GET"], "allowedOrigins": ["*"]},
            {"allowedMethods": ["PUT"], "allowedOrigins": ["https://shop.example.com"]},
        ]
    },
)

CASES = [
    Case(
        s3_public_access_blocked,
        [BUCKET, BLOCK],
        refused=[
            without("block"),
            *(on("block", {flag: False}) for flag in ALL_FLAGS),
            on("block", {"blockPublicPolicy": ABSENT}),
            on("block", {"bucket": "another"}),
        ],
        unknown=on("block", unknown("blockPublicAcls")),
        allowed=[on("block", {"bucket": "uploads"}), old_kind("bucket")],
    ),
    Case(
        s3_no_public_acl,
        [ACL],
        refused=[
            {"acl": "public-read"},
            {"acl": "public-read-write"},
            {"acl": "authenticated-read"},
            as_type(BUCKET.type, {"acl": "public-read"}),
            as_type(
                OLD_BUCKET, {"grants": [{"uri": "http://acs.amazonaws.com/groups/global/AllUsers"}]}
            ),
            {
                "acl": ABSENT,
                "accessControlPolicy": {
                    "grants": [
                        {
                            "grantee": {
                                "uri": "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
                            }
                        }
                    ]
                },
            },
        ],
        unknown=unknown("acl"),
        allowed=[
            {"accessControlPolicy": {"grants": [{"grantee": {"uri": "http://x/s3/LogDelivery"}}]}},
            {"acl": ABSENT},
        ],
    ),
    Case(
        s3_policy_not_public,
        [GRANT],
        refused=[
            statement(Principal="*", Action="s3:GetObject"),
            as_type(BUCKET.type, statement(Principal={"AWS": "*"}, Action="s3:GetObject")),
            as_type(
                "aws:s3/accessPoint:AccessPoint", statement(Principal="*", Action="s3:GetObject")
            ),
        ],
        unknown=unknown("policy"),
        allowed=[
            TLS_ONLY,
            statement(
                Principal="*",
                Action="s3:GetObject",
                Condition={"StringEquals": {"AWS:SourceArn": "arn:distribution"}},
            ),
        ],
    ),
    Case(
        s3_requires_tls,
        [BUCKET, POLICY],
        refused=[
            without("policy"),
            on("policy", {"bucket": "another"}),
            on("policy", statement("Allow", Principal="*", Action="s3:*", Condition=PLAIN_TEXT)),
            on(
                "policy",
                statement("Deny", Principal="*", Action="s3:GetObject", Condition=PLAIN_TEXT),
            ),
            on("policy", statement("Deny", Principal=ACCOUNT, Action="s3:*", Condition=PLAIN_TEXT)),
            on("policy", statement("Deny", Principal="*", Action="s3:*")),
            on(
                "policy",
                statement(
                    "Deny",
                    Principal="*",
                    Action="s3:*",
                    Resource="arn:aws:s3:::uploads",
                    Condition=PLAIN_TEXT,
                ),
            ),
            on(
                "policy",
                statement(
                    "Deny",
                    Principal="*",
                    Action="s3:*",
                    Condition={"Bool": {"aws:SecureTransport": "true"}},
                ),
            ),
        ],
        unknown=on("policy", unknown("policy")),
        allowed=[
            on(
                "policy",
                statement("Deny", Principal={"AWS": "*"}, Action=["*"], Condition=PLAIN_TEXT),
            ),
            on(
                "policy",
                statement(
                    "Deny",
                    Principal="*",
                    Action="s3:*",
                    Condition={"Bool": {"aws:SecureTransport": False}},
                ),
            ),
            both(without("policy"), TLS_ONLY),
            both(without("policy"), plus(BLOCK, POLICY_AFTER_BLOCK)),
        ],
    ),
    Case(
        s3_encrypted_with_own_key,
        [BUCKET, ENCRYPTION],
        refused=[
            without("encryption"),
            on(
                "encryption",
                {"rules.0.applyServerSideEncryptionByDefault.sseAlgorithm": "AES256"},
            ),
            both(without("encryption"), plus(BALANCER)),
        ],
        unknown=on(
            "encryption",
            unknown("rules.0.applyServerSideEncryptionByDefault.sseAlgorithm"),
        ),
        allowed=[
            old_kind("encryption"),
            both(
                without("encryption"),
                {
                    "serverSideEncryptionConfiguration": {
                        "rule": {
                            "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms:dsse"}
                        }
                    }
                },
            ),
            *(
                both(
                    on(
                        "encryption",
                        {"rules.0.applyServerSideEncryptionByDefault.sseAlgorithm": "AES256"},
                    ),
                    plus(writer),
                )
                for writer in WRITERS
            ),
            both(
                on(
                    "encryption",
                    {"rules.0.applyServerSideEncryptionByDefault.sseAlgorithm": "AES256"},
                ),
                plus(POLICY_OF_LOGS, THROUGH_POLICY),
            ),
        ],
    ),
    Case(
        s3_versioned,
        [BUCKET, VERSIONING],
        refused=[
            without("versioning"),
            on("versioning", {"versioningConfiguration.status": "Suspended"}),
            both(without("versioning"), {"versioning": {"enabled": False}}),
            both(without("versioning"), plus(BALANCER_ELSEWHERE)),
        ],
        unknown=on("versioning", unknown("versioningConfiguration.status")),
        allowed=[
            old_kind("versioning"),
            both(without("versioning"), {"versioning": {"enabled": True}}),
            both(without("versioning"), plus(BALANCER)),
        ],
    ),
    Case(
        s3_has_lifecycle,
        [BUCKET, LIFECYCLE],
        refused=[
            without("lifecycle"),
            on("lifecycle", {"rules.1.status": "Disabled"}),
            both(without("lifecycle"), {"lifecycleRules": [{"enabled": False}]}),
        ],
        unknown=on("lifecycle", unknown("rules")),
        allowed=[
            old_kind("lifecycle"),
            both(without("lifecycle"), {"lifecycleRules": [{"enabled": True}]}),
        ],
    ),
    Case(
        s3_former_versions_expire,
        [BUCKET, VERSIONING, LIFECYCLE],
        refused=[
            without("lifecycle"),
            on("lifecycle", {"rules.1.noncurrentVersionExpiration": ABSENT}),
        ],
        unknown=on("lifecycle", unknown("rules")),
        allowed=[
            both(without("lifecycle"), without("versioning")),
            both(
                without("lifecycle"),
                on("versioning", {"versioningConfiguration.status": "Suspended"}),
            ),
        ],
    ),
    Case(
        s3_access_logs,
        [BUCKET, LOGGING],
        refused=[without("logging"), on("logging", {"bucket": "another"})],
        unknown=both(without("logging"), unknown("logging")),
        allowed=[
            both(without("logging"), {"logging": {"targetBucket": "logs"}}),
            both(without("logging"), plus(OTHER_LOGGING)),
            old_kind("logging"),
        ],
    ),
    Case(
        s3_acls_disabled,
        [BUCKET, OWNERSHIP],
        refused=[
            on("ownership", {"rule.objectOwnership": "BucketOwnerPreferred"}),
            plus(ACL),
        ],
        unknown=on("ownership", unknown("rule.objectOwnership")),
        allowed=[
            without("ownership"),
            both(on("ownership", {"rule.objectOwnership": "ObjectWriter"}), plus(CDN, ACL)),
        ],
    ),
    Case(
        s3_access_point_blocks_public,
        [Declared("aws:s3/accessPoint:AccessPoint", {"publicAccessBlockConfiguration": ALL_FLAGS})],
        refused=[{f"publicAccessBlockConfiguration.{flag}": False} for flag in ALL_FLAGS],
        unknown=unknown("publicAccessBlockConfiguration.blockPublicAcls"),
        allowed=[{"publicAccessBlockConfiguration": ABSENT}],
    ),
    Case(
        s3_account_block_stays_on,
        [Declared("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", ALL_FLAGS)],
        refused=[
            *({flag: False} for flag in ALL_FLAGS),
            {"blockPublicAcls": ABSENT},
        ],
        unknown=unknown("blockPublicAcls"),
    ),
    Case(
        s3_policy_keeps_control,
        [GRANT],
        refused=[
            *(
                statement(Principal=ACCOUNT, Action=["s3:GetObject", action])
                for action in (
                    "s3:*",
                    "*",
                    "s3:DeleteBucketPolicy",
                    "s3:PutBucketAcl",
                    "s3:PutBucketPolicy",
                    "s3:PutEncryptionConfiguration",
                    "s3:PutObjectAcl",
                )
            ),
            as_type(BUCKET.type, statement(Principal=ACCOUNT, Action="s3:*")),
        ],
        unknown=unknown("policy"),
        allowed=[TLS_ONLY],
    ),
    Case(
        s3_not_a_website,
        [
            Declared(
                "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration",
                {"redirectAllRequestsTo": {"hostName": "shop.example.com"}},
            )
        ],
        refused=[{"redirectAllRequestsTo": ABSENT, "indexDocument": {"suffix": "index.html"}}],
        unknown=unknown("redirectAllRequestsTo"),
    ),
    Case(
        s3_cors_names_origins,
        [CORS],
        refused=[
            {"corsRules.1.allowedOrigins": ["*"]},
            {"corsRules.0.allowedMethods": ["GET", "POST"]},
            {"corsRules.0.allowedMethods": ["DELETE"]},
            as_type(
                BUCKET.type,
                {"corsRules": [{"allowedMethods": ["PUT"], "allowedOrigins": ["*"]}]},
            ),
        ],
        unknown=unknown("corsRules.1.allowedOrigins"),
    ),
    Case(
        s3_not_emptied_by_deletion,
        [BUCKET],
        refused=[{"forceDestroy": True}],
        unknown=unknown("forceDestroy"),
        allowed=[{"forceDestroy": ABSENT}],
    ),
    Case(
        s3_bucket_protected,
        [BUCKET],
        refused=[options("bucket", protect=False)],
        decided="an option of a resource is always known",
    ),
    Case(
        s3_tells_of_new_files,
        [BUCKET, NOTIFICATION],
        refused=[without("notification"), on("notification", {"bucket": "another"})],
        decided="whether a notification is declared for it is known from its references",
    ),
    Case(
        s3_replicated,
        [BUCKET, REPLICATION],
        refused=[without("replication"), on("replication", {"bucket": "another"})],
        unknown=both(without("replication"), unknown("replicationConfiguration")),
        allowed=[both(without("replication"), {"replicationConfiguration": {"role": "arn:role"}})],
    ),
    Case(
        s3_objects_locked,
        [BUCKET],
        refused=[{"objectLockEnabled": False}, {"objectLockEnabled": ABSENT}],
        unknown=unknown("objectLockEnabled"),
    ),
    Case(
        s3_deletion_needs_device,
        [BUCKET, VERSIONING],
        refused=[
            without("versioning"),
            on("versioning", {"versioningConfiguration.mfaDelete": "Disabled"}),
        ],
        unknown=on("versioning", unknown("versioningConfiguration.mfaDelete")),
    ),
]
