"""Keys, secrets and permissions."""

import json
from typing import Any

from policies.rules.iam_buckets_are_named import iam_buckets_are_named
from policies.rules.iam_decrypts_named_keys import iam_decrypts_named_keys
from policies.rules.iam_federation_names_its_subject import iam_federation_names_its_subject
from policies.rules.iam_no_access_keys import iam_no_access_keys
from policies.rules.iam_no_administrator_attached import iam_no_administrator_attached
from policies.rules.iam_no_administrators import iam_no_administrators
from policies.rules.iam_no_cloud_shell import iam_no_cloud_shell
from policies.rules.iam_no_console_passwords import iam_no_console_passwords
from policies.rules.iam_no_everything_but import iam_no_everything_but
from policies.rules.iam_no_server_certificates import iam_no_server_certificates
from policies.rules.iam_no_service_wildcards import iam_no_service_wildcards
from policies.rules.iam_no_user_policies import iam_no_user_policies
from policies.rules.iam_passes_named_roles import iam_passes_named_roles
from policies.rules.iam_password_policy_is_strong import iam_password_policy_is_strong
from policies.rules.iam_reads_named_parameters import iam_reads_named_parameters
from policies.rules.iam_reads_named_secrets import iam_reads_named_secrets
from policies.rules.iam_roles_trust_someone import iam_roles_trust_someone
from policies.rules.kms_key_deleted_slowly import kms_key_deleted_slowly
from policies.rules.kms_key_keeps_its_administrators import kms_key_keeps_its_administrators
from policies.rules.kms_key_not_public import kms_key_not_public
from policies.rules.kms_key_protected import kms_key_protected
from policies.rules.kms_key_rotates import kms_key_rotates
from policies.rules.secretsmanager_can_be_recovered import secretsmanager_can_be_recovered
from policies.rules.secretsmanager_own_key import secretsmanager_own_key
from policies.rules.secretsmanager_policy_not_public import secretsmanager_policy_not_public
from policies.rules.secretsmanager_rotates import secretsmanager_rotates
from policies.rules.secretsmanager_rotates_in_time import secretsmanager_rotates_in_time
from policies.rules.secretsmanager_someone_reads_it import secretsmanager_someone_reads_it
from policies.testing import UNKNOWN, Declared
from tests.policies.table import (
    ABSENT,
    Case,
    Change,
    as_type,
    both,
    on,
    options,
    plus,
    unknown,
    without,
)

ROOT = {"AWS": "arn:aws:iam::123456789012:root"}


def policy(effect: str = "Allow", **parts: Any) -> dict[str, Any]:
    """A policy document of one statement."""
    content = {"Effect": effect, **parts}
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": content})}


def to_anyone(**condition: Any) -> dict[str, Any]:
    return policy(Principal={"AWS": "*"}, Action="*", Resource="*", Condition=condition)


def may(action: str | list[str], resource: str | list[str] = "*", **parts: Any) -> dict[str, Any]:
    return policy(Action=action, Resource=resource, **parts)


def inline(*documents: dict[str, Any]) -> Change:
    """The same policies inside a role."""
    policies = [{"name": f"p{number}", **each} for number, each in enumerate(documents)]
    return as_type("aws:iam/role:Role", {"inlinePolicies": policies})


def trust(**parts: Any) -> dict[str, Any]:
    return {"assumeRolePolicy": policy(**parts)["policy"]}


def federated(**condition: Any) -> dict[str, Any]:
    return trust(
        Principal={"Federated": "arn:aws:iam::123456789012:oidc-provider/ci.example.com"},
        Action="sts:AssumeRoleWithWebIdentity",
        Condition=condition,
    )


KEY = Declared(
    "aws:kms/key:Key",
    {
        "description": "data",
        "enableKeyRotation": True,
        "deletionWindowInDays": 30,
        **policy(Principal=ROOT, Action="kms:*", Resource="*"),
    },
    protect=True,
)
SECRET = Declared(
    "aws:secretsmanager/secret:Secret",
    {"kmsKeyId": "arn:key", "recoveryWindowInDays": 30},
    name="secret",
)
ROTATION = Declared(
    "aws:secretsmanager/secretRotation:SecretRotation",
    {"secretId": SECRET, "rotationRules": {"automaticallyAfterDays": 30}},
    name="rotation",
)
READER = Declared("aws:iam/rolePolicy:RolePolicy", {"role": "api", "policy": SECRET}, name="reader")
OTHER_READERS = (
    Declared("aws:iam/policy:Policy", {"policy": SECRET}, name="other"),
    Declared(
        "aws:iam/role:Role", {"inlinePolicies": [{"name": "p", "policy": SECRET}]}, name="other"
    ),
    Declared(
        "aws:ecs/taskDefinition:TaskDefinition", {"containerDefinitions": SECRET}, name="other"
    ),
    Declared("aws:secretsmanager/secretPolicy:SecretPolicy", {"secretArn": SECRET}, name="other"),
)
SECRET_POLICY = Declared(
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    policy(Principal=ROOT, Action="secretsmanager:GetSecretValue", Resource="*"),
)
PERMISSIONS = Declared("aws:iam/policy:Policy", may(["s3:GetObject"], ["arn:aws:s3:::uploads/*"]))
ATTACHMENT = Declared(
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    {"policyArn": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore", "role": "web"},
)
ROLE = Declared(
    "aws:iam/role:Role", trust(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
)
FEDERATED = Declared(
    ROLE.type,
    federated(StringEquals={"ci.example.com:sub": "repo:acme/shop:ref:refs/heads/main"}),
)
PASSWORDS = Declared(
    "aws:iam/accountPasswordPolicy:AccountPasswordPolicy",
    {
        "minimumPasswordLength": 14,
        "passwordReusePrevention": 24,
        "requireLowercaseCharacters": True,
        "requireUppercaseCharacters": True,
        "requireNumbers": True,
        "requireSymbols": True,
    },
)
NARROWED: tuple[dict[str, Any], ...] = (
    {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
    *(
        {"StringEquals": {key: "123456789012"}}
        for key in (
            "kms:CallerAccount",
            "aws:SourceAccount",
            "aws:SourceArn",
            "aws:SourceOwner",
            "aws:SourceOrgID",
            "aws:SourceOrgPaths",
            "aws:PrincipalAccount",
            "aws:PrincipalArn",
            "aws:PrincipalOrgPaths",
            "aws:SourceVpc",
            "aws:SourceVpce",
        )
    ),
    {"ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::123456789012:distribution/*"}},
)
STILL_OPEN: tuple[dict[str, Any], ...] = (
    {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}},
    {"StringLike": {"aws:PrincipalArn": "*"}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"Null": {"aws:SourceArn": "true"}},
)
CONDITION: dict[str, Any] = {"Condition": {"StringEquals": {"aws:ResourceTag/app": "shop"}}}

CASES = [
    Case(
        kms_key_rotates,
        [KEY],
        refused=[
            {"enableKeyRotation": False},
            {"enableKeyRotation": ABSENT},
            {"customerMasterKeySpec": "SYMMETRIC_DEFAULT", "enableKeyRotation": False},
        ],
        unknown=unknown("enableKeyRotation"),
        allowed=[
            {"customerMasterKeySpec": "RSA_2048", "enableKeyRotation": False},
            {"customKeyStoreId": "cks-1", "enableKeyRotation": False},
        ],
    ),
    Case(
        kms_key_not_public,
        [KEY],
        refused=[
            to_anyone(),
            *(to_anyone(**condition) for condition in STILL_OPEN),
            as_type("aws:kms/keyPolicy:KeyPolicy", to_anyone()),
        ],
        unknown=unknown("policy"),
        allowed=[*(to_anyone(**condition) for condition in NARROWED), {"policy": ABSENT}],
    ),
    Case(
        kms_key_keeps_its_administrators,
        [KEY],
        refused=[
            {"bypassPolicyLockoutSafetyCheck": True},
            as_type("aws:kms/keyPolicy:KeyPolicy", {"bypassPolicyLockoutSafetyCheck": True}),
        ],
        unknown=unknown("bypassPolicyLockoutSafetyCheck"),
    ),
    Case(
        kms_key_deleted_slowly,
        [KEY],
        refused=[{"deletionWindowInDays": 7}, {"deletionWindowInDays": 13}],
        unknown=unknown("deletionWindowInDays"),
        allowed=[{"deletionWindowInDays": ABSENT}, {"deletionWindowInDays": 14}],
    ),
    Case(
        kms_key_protected,
        [KEY],
        refused=[options("subject", protect=False)],
        decided="an option of a resource is always known",
    ),
    Case(
        secretsmanager_rotates,
        [SECRET, ROTATION],
        refused=[without("rotation"), on("rotation", {"secretId": "arn:other"})],
        decided="whether a rotation is declared for it is known from its references",
    ),
    Case(
        secretsmanager_rotates_in_time,
        [ROTATION, SECRET],
        refused=[
            {"rotationRules.automaticallyAfterDays": 91},
            {"rotationRules.automaticallyAfterDays": 0},
            {"rotationRules": ABSENT},
        ],
        unknown=unknown("rotationRules.automaticallyAfterDays"),
        allowed=[
            {"rotationRules.automaticallyAfterDays": 90},
            {"rotationRules.automaticallyAfterDays": 1},
            {"rotationRules": {"scheduleExpression": "rate(10 days)"}},
        ],
    ),
    Case(
        secretsmanager_own_key,
        [SECRET],
        refused=[{"kmsKeyId": ABSENT}, {"kmsKeyId": "alias/aws/secretsmanager"}],
        unknown=unknown("kmsKeyId"),
    ),
    Case(
        secretsmanager_can_be_recovered,
        [SECRET],
        refused=[{"recoveryWindowInDays": 0}, {"recoveryWindowInDays": 6}],
        unknown=unknown("recoveryWindowInDays"),
        allowed=[{"recoveryWindowInDays": ABSENT}, {"recoveryWindowInDays": 7}],
    ),
    Case(
        secretsmanager_someone_reads_it,
        [SECRET, READER],
        refused=[without("reader"), on("reader", {"policy": "{}"})],
        unknown=both(without("reader"), unknown("policy")),
        allowed=[
            *(both(without("reader"), plus(other)) for other in OTHER_READERS),
            both(without("reader"), {"policy": "{}"}),
        ],
    ),
    Case(
        secretsmanager_policy_not_public,
        [SECRET_POLICY],
        refused=[
            policy(Principal="*", Action="secretsmanager:GetSecretValue", Resource="*"),
            as_type(SECRET.type, to_anyone()),
        ],
        unknown=unknown("policy"),
    ),
    Case(
        iam_no_administrators,
        [PERMISSIONS],
        refused=[
            may("*"),
            may(["s3:GetObject", "*"], ["arn:x", "*"]),
            *(
                as_type(f"aws:iam/{kind[0].lower()}{kind[1:]}:{kind}", may("*"))
                for kind in ("RolePolicy", "UserPolicy", "GroupPolicy")
            ),
            inline(may("s3:GetObject", "arn:x"), may("*")),
        ],
        unknown=unknown("policy"),
        allowed=[
            may("*", "arn:aws:s3:::uploads/*"),
            policy("Deny", Action="*", Resource="*"),
            inline(may("s3:GetObject", "arn:x")),
        ],
    ),
    Case(
        iam_no_administrator_attached,
        [ATTACHMENT],
        refused=[
            *(
                {"policyArn": f"arn:aws:iam::aws:policy/{name}"}
                for name in ("AdministratorAccess", "IAMFullAccess", "PowerUserAccess")
            ),
            as_type(
                ROLE.type, {"managedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}
            ),
            as_type(
                "aws:iam/userPolicyAttachment:UserPolicyAttachment",
                {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
            ),
        ],
        unknown=unknown("policyArn"),
        allowed=[as_type(ROLE.type, {"managedPolicyArns": []})],
    ),
    Case(
        iam_no_cloud_shell,
        [ATTACHMENT],
        refused=[
            {"policyArn": "arn:aws:iam::aws:policy/AWSCloudShellFullAccess"},
            as_type(
                ROLE.type,
                {"managedPolicyArns": ["arn:aws:iam::aws:policy/AWSCloudShellFullAccess"]},
            ),
        ],
        unknown=unknown("policyArn"),
    ),
    Case(
        iam_no_service_wildcards,
        [PERMISSIONS],
        refused=[
            may("s3:*", "arn:aws:s3:::uploads/*"),
            may(["s3:GetObject", "ec2:*"]),
            inline(may("ec2:*")),
        ],
        unknown=unknown("policy"),
        allowed=[may("s3:Get*", "arn:x"), policy("Deny", Action="s3:*", Resource="*")],
    ),
    Case(
        iam_no_everything_but,
        [PERMISSIONS],
        refused=[
            policy(NotAction="iam:*", Resource="*"),
            policy(Action="s3:GetObject", NotResource="arn:x"),
        ],
        unknown=unknown("policy"),
        allowed=[policy("Deny", NotAction="iam:*", Resource="*")],
    ),
    Case(
        iam_decrypts_named_keys,
        [PERMISSIONS],
        refused=[
            may("kms:Decrypt"),
            may("kms:*"),
            may("*"),
            may("KMS:ReEncrypt*"),
            may("kms:ReEncryptFrom", "arn:aws:kms:eu-west-1:123456789012:key/*"),
            inline(may("kms:Decrypt")),
            may(["s3:GetObject", "kms:Decrypt"], ["arn:x", "*"]),
        ],
        unknown=unknown("policy"),
        allowed=[
            may("kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/1"),
            may("kms:Encrypt"),
            may("kms:Decrypt", **CONDITION),
        ],
    ),
    Case(
        iam_reads_named_secrets,
        [PERMISSIONS],
        refused=[
            may("secretsmanager:GetSecretValue"),
            may("secretsmanager:Get*", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:*"),
            may("secretsmanager:*"),
            may(["s3:GetObject", "secretsmanager:GetSecretValue"], ["arn:x", "*"]),
        ],
        unknown=unknown("policy"),
        allowed=[
            may("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:e:1:secret:shop/*"),
            may("secretsmanager:ListSecrets"),
            may("secretsmanager:GetSecretValue", **CONDITION),
        ],
    ),
    Case(
        iam_reads_named_parameters,
        [PERMISSIONS],
        refused=[
            may("ssm:GetParameter"),
            may("ssm:GetParameters"),
            may(["s3:GetObject", "ssm:GetParameter"], ["arn:x", "*"]),
            may("ssm:GetParametersByPath", "arn:aws:ssm:eu-west-1:123456789012:parameter/*"),
        ],
        unknown=unknown("policy"),
        allowed=[
            may("ssm:GetParameter", "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/*"),
            may("ssm:DescribeParameters"),
            may("ssm:GetParameter", **CONDITION),
        ],
    ),
    Case(
        iam_passes_named_roles,
        [PERMISSIONS],
        refused=[
            may("iam:PassRole"),
            may(["s3:GetObject", "iam:PassRole"], ["arn:x", "*"]),
            may("iam:*", "arn:aws:iam::123456789012:role/*"),
            may("iam:PassRole", **CONDITION),
        ],
        unknown=unknown("policy"),
        allowed=[may("iam:PassRole", "arn:aws:iam::123456789012:role/task"), may("iam:GetRole")],
    ),
    Case(
        iam_buckets_are_named,
        [PERMISSIONS],
        refused=[
            may("s3:GetObject"),
            may("s3:PutObject", "arn:aws:s3:::*"),
            may("s3:DeleteObject"),
            may("s3:Delete*"),
            may(["ec2:DescribeVpcs", "s3:GetObject"], ["arn:x", "*"]),
        ],
        unknown=unknown("policy"),
        allowed=[may("s3:ListAllMyBuckets"), may("s3:GetObject", **CONDITION)],
    ),
    Case(
        iam_no_user_policies,
        [PERMISSIONS],
        refused=[
            as_type("aws:iam/userPolicy:UserPolicy", {"user": "ann", **may("s3:GetObject")}),
            as_type("aws:iam/userPolicyAttachment:UserPolicyAttachment", {"policyArn": "arn:x"}),
        ],
        unknown=as_type("aws:iam/userPolicy:UserPolicy", {"user": UNKNOWN}),
    ),
    Case(
        iam_no_access_keys,
        [Declared("aws:iam/accessKey:AccessKey", {"user": "ann", "status": "Inactive"})],
        refused=[{"status": "Active"}, {"status": ABSENT}],
        unknown=unknown("status"),
    ),
    Case(
        iam_no_console_passwords,
        [PERMISSIONS],
        refused=[as_type("aws:iam/userLoginProfile:UserLoginProfile", {"user": "ann"})],
        unknown=as_type("aws:iam/userLoginProfile:UserLoginProfile", {"user": UNKNOWN}),
    ),
    Case(
        iam_password_policy_is_strong,
        [PASSWORDS],
        refused=[
            {"minimumPasswordLength": 13},
            {"minimumPasswordLength": ABSENT},
            {"passwordReusePrevention": 23},
            {"passwordReusePrevention": ABSENT},
            {"requireLowercaseCharacters": False},
            {"requireUppercaseCharacters": False},
            {"requireNumbers": ABSENT},
            {"requireSymbols": False},
        ],
        unknown=unknown("minimumPasswordLength"),
    ),
    Case(
        iam_roles_trust_someone,
        [ROLE],
        refused=[
            trust(Principal="*", Action="sts:AssumeRole"),
            trust(Principal={"AWS": ["arn:x", "*"]}, Action="sts:AssumeRole"),
        ],
        unknown=unknown("assumeRolePolicy"),
        allowed=[
            trust(
                Principal="*",
                Action="sts:AssumeRole",
                Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
            )
        ],
    ),
    Case(
        iam_federation_names_its_subject,
        [FEDERATED],
        refused=[
            federated(),
            federated(StringEquals={"ci.example.com:aud": "sts.amazonaws.com"}),
            federated(StringLike={"ci.example.com:sub": "*"}),
            federated(StringLike={"ci.example.com:sub": "repo:*"}),
            federated(StringLike={"ci.example.com:sub": ["repo:acme/shop:*", "*"]}),
            federated(StringNotEquals={"ci.example.com:sub": "repo:acme/shop:*"}),
        ],
        unknown=unknown("assumeRolePolicy"),
        allowed=[
            federated(StringLike={"ci.example.com:sub": "repo:acme/shop:*"}),
            ROLE.props,
            trust(
                effect="Deny",
                Principal="*",
                Action="sts:AssumeRoleWithWebIdentity",
            ),
        ],
    ),
    Case(
        iam_no_server_certificates,
        [PERMISSIONS],
        refused=[as_type("aws:iam/serverCertificate:ServerCertificate", {"name": "site"})],
        decided="that such a certificate is declared at all is always known",
    ),
]
