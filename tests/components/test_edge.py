import json
from collections.abc import Mapping
from typing import Any, Literal

import pulumi

from components.bucket import Bucket, BucketArgs
from components.edge import (
    CACHE_BY_HEADERS,
    CACHE_NOTHING,
    FORWARD_EVERYTHING,
    PROOF_HEADER,
    Behaviour,
    BucketOrigin,
    Edge,
    EdgeArgs,
    InternalOrigin,
    Origin,
    PublicOrigin,
)
from components.response_headers import ResponseHeadersArgs
from tests.components.secrecy import is_secret
from tests.recording import Engine

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
SIGNER = "aws:cloudfront/originAccessControl:OriginAccessControl"
HEADERS = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
INTERNAL = InternalOrigin(domain_name="main.elb.amazonaws.com", vpc_origin_id="vo-1")
PUBLIC = PublicOrigin(domain_name="main.elb.amazonaws.com", proof=pulumi.Output.from_input("prove"))


def build(
    engine: Engine,
    *,
    balancer: Origin = INTERNAL,
    default: str = "site",
    paths: Mapping[str, Behaviour] | None = None,
    oldest_tls: Literal["TLSv1.2", "TLSv1.3"] = "TLSv1.2",
) -> None:
    def program() -> None:
        bucket = Bucket("site", BucketArgs(key_arn="arn:key", durable=True, grants=None))
        Edge(
            "web",
            EdgeArgs(
                hosts=("app.ainotebook.com",),
                certificate_arn="arn:certificate",
                web_acl_arn="arn:acl",
                origins={
                    "site": BucketOrigin(bucket=bucket, rewrite_arn="arn:rewrite"),
                    "api": balancer,
                },
                default=Behaviour(origin=default),
                paths={
                    "/api/*": Behaviour(origin="api"),
                    "/assets/*": Behaviour(origin="site", immutable=True),
                }
                if paths is None
                else paths,
                headers=ResponseHeadersArgs(content_security_policy="default-src 'self'"),
                oldest_tls=oldest_tls,
            ),
        )

    engine.build(program)


def behaviours(engine: Engine) -> dict[str, dict[str, Any]]:
    return {b["pathPattern"]: b for b in engine.one(DISTRIBUTION)["orderedCacheBehaviors"]}


def origins(engine: Engine) -> dict[str, dict[str, Any]]:
    listed = engine.one(DISTRIBUTION)["origins"]
    return {o["originId"]: o for o in (listed["value"] if is_secret(listed) else listed)}


def test_browsers_speak_modern_tls_and_the_newest_http_to_it(engine: Engine) -> None:
    build(engine)

    distribution = engine.one(DISTRIBUTION)
    assert distribution["viewerCertificate"] == {
        "acmCertificateArn": "arn:certificate",
        "sslSupportMethod": "sni-only",
        "minimumProtocolVersion": "TLSv1.2_2021",
    }
    assert distribution["httpVersion"] == "http2and3"
    assert distribution["aliases"] == ["app.ainotebook.com"]
    assert distribution["webAclId"] == "arn:acl"


def test_nothing_older_than_asked_is_spoken(engine: Engine) -> None:
    build(engine, oldest_tls="TLSv1.3")

    certificate = engine.one(DISTRIBUTION)["viewerCertificate"]
    assert certificate["minimumProtocolVersion"] == "TLSv1.3_2025"


def test_nothing_is_answered_without_tls_or_uncompressed(engine: Engine) -> None:
    build(engine)

    default = engine.one(DISTRIBUTION)["defaultCacheBehavior"]
    for behaviour in (default, *behaviours(engine).values()):
        assert behaviour["viewerProtocolPolicy"] == "redirect-to-https"
        assert behaviour["compress"] is True


def test_only_this_distribution_reads_the_bucket(engine: Engine) -> None:
    engine.outputs[DISTRIBUTION] = {**engine.outputs[DISTRIBUTION], "arn": "arn:distribution"}
    build(engine)

    _, grant = json.loads(engine.one(POLICY)["policy"])["Statement"]
    assert grant["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert grant["Action"] == ["s3:GetObject"]
    assert grant["Condition"] == {"StringEquals": {"aws:SourceArn": "arn:distribution"}}
    assert origins(engine)["site"]["originAccessControlId"] == "web-id"
    assert engine.one(SIGNER)["signingBehavior"] == "always"


def test_without_a_bucket_there_is_nothing_to_sign(engine: Engine) -> None:
    engine.build(
        lambda: Edge(
            "web",
            EdgeArgs(
                hosts=("api.ingenio.com",),
                certificate_arn="arn:certificate",
                web_acl_arn=None,
                origins={"api": INTERNAL},
                default=Behaviour(origin="api"),
            ),
        )
    )

    assert engine.of(SIGNER) == engine.of(POLICY) == []
    assert "defaultRootObject" not in engine.one(DISTRIBUTION)
    assert "functionAssociations" not in engine.one(DISTRIBUTION)["defaultCacheBehavior"]


def test_a_request_to_a_service_passes_whole_and_is_never_kept(engine: Engine) -> None:
    build(engine)

    api = behaviours(engine)["/api/*"]
    assert api["cachePolicyId"] == CACHE_NOTHING
    assert api["originRequestPolicyId"] == FORWARD_EVERYTHING
    assert len(api["allowedMethods"]) == 7


def test_an_answer_of_a_service_is_never_turned_into_a_page(engine: Engine) -> None:
    build(engine)

    distribution = engine.one(DISTRIBUTION)
    assert distribution["defaultCacheBehavior"]["functionAssociations"] == [
        {"eventType": "viewer-request", "functionArn": "arn:rewrite"}
    ]
    assert all("functionAssociations" not in b for b in behaviours(engine).values())
    assert not distribution.get("customErrorResponses")


def test_a_file_whose_name_changes_with_it_is_kept_for_a_year(engine: Engine) -> None:
    build(engine)

    policies = {r.name: r.inputs for r in engine.registered if r.typ == HEADERS}
    (header,) = policies["web-immutable"]["customHeadersConfig"]["items"]
    assert (header["header"], header["override"]) == ("Cache-Control", True)
    assert header["value"] == "public, max-age=31536000, immutable"
    assets = behaviours(engine)["/assets/*"]
    assert assets["cachePolicyId"] == CACHE_BY_HEADERS
    assert assets["responseHeadersPolicyId"] == "web-immutable-id"


def test_an_entry_document_is_not(engine: Engine) -> None:
    build(engine)

    policies = {r.name: r.inputs for r in engine.registered if r.typ == HEADERS}
    assert "customHeadersConfig" not in policies["web"]
    assert engine.one(DISTRIBUTION)["defaultCacheBehavior"]["responseHeadersPolicyId"] == "web-id"


def test_the_longer_path_is_asked_first(engine: Engine) -> None:
    paths = {path: Behaviour(origin="api") for path in ("/*", "/api/v2/*", "/api/*")}
    build(engine, paths=paths)

    assert list(behaviours(engine)) == ["/api/v2/*", "/api/*", "/*"]


def test_a_hidden_load_balancer_is_reached_through_its_own_way(engine: Engine) -> None:
    build(engine)

    api = origins(engine)["api"]
    assert api["vpcOriginConfig"]["vpcOriginId"] == "vo-1"
    assert "customOriginConfig" not in api


def test_to_a_public_load_balancer_it_proves_itself_over_tls(engine: Engine) -> None:
    build(engine, balancer=PUBLIC)

    api = origins(engine)["api"]
    (header,) = api["customHeaders"]
    assert header["name"] == PROOF_HEADER
    assert api["customOriginConfig"]["originProtocolPolicy"] == "https-only"


def test_the_proof_is_nowhere_in_plain_text(engine: Engine) -> None:
    build(engine, balancer=PUBLIC)

    assert is_secret(engine.one(DISTRIBUTION)["origins"])
