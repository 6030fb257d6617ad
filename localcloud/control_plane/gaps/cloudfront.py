"""CloudFront: distributions keep what they were given; policies, VPC origins, published functions.

Moto drops an origin's access control and VPC origin and a behaviour's functions, claims a support
method for the default certificate, and has neither policies nor VPC origins; its functions can be
neither changed nor published.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moto.cloudfront import urls
from moto.cloudfront.models import (
    CloudFrontBackend,
    CloudFrontFunction,
    DefaultCacheBehaviour,
    Origin,
    ViewerCertificate,
    random_id,
)
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

from localcloud.control_plane.gaps.mending import Method, adds, mends

# -- what a distribution is made of -------------------------------------------------------------


@mends(ViewerCertificate, "__init__")
def new_certificate(original: Method, self: Any, config: dict[str, Any]) -> None:
    original(self, config)
    self.ssl_support_method = config.get("SSLSupportMethod") or None
    if self.acm_certificate_arn or self.iam_certificate_id:
        self.cloud_front_default_certificate = False


@mends(Origin, "__init__")
def new_origin(original: Method, self: Any, origin: dict[str, Any]) -> None:
    original(self, origin)
    self.origin_access_control_id = origin.get("OriginAccessControlId") or ""
    self.vpc_origin_config = origin.get("VpcOriginConfig")


@mends(DefaultCacheBehaviour, "__init__")
def new_behaviour(original: Method, self: Any, config: dict[str, Any]) -> None:
    original(self, config)
    self.function_associations = config.get("FunctionAssociations") or {"Quantity": 0}
    self.lambda_function_associations = config.get("LambdaFunctionAssociations") or {"Quantity": 0}
    if config.get("CachePolicyId"):
        # A behaviour has either a policy or its own time limits and forwarded values.
        self.forwarded_values = None


# -- policies and VPC origins: documents under an id ---------------------------------------------


class NotFoundError(ServiceException):
    """No document under this id."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__("The specified resource does not exist.")


@dataclass(frozen=True)
class Family:
    """A kind of document that CloudFront keeps, as its API names it."""

    name: str
    plural: str
    path: str
    config: str
    missing: str
    lists: str
    managed: dict[str, str] = field(default_factory=dict[str, str])
    """Ids and names that exist in every account (CloudFront developer guide)."""


POLICIES = (
    Family(
        "CachePolicy",
        "CachePolicies",
        "cache-policy",
        "CachePolicyConfig",
        "NoSuchCachePolicy",
        "CachePolicyList",
        {
            "658327ea-f89d-4fab-a63d-7e88639e58f6": "Managed-CachingOptimized",
            "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": (
                "Managed-CachingOptimizedForUncompressedObjects"
            ),
            "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": "Managed-CachingDisabled",
            "83da9c7e-98b4-4e11-a168-04f0df8e2c65": "Managed-UseOriginCacheControlHeaders",
        },
    ),
    Family(
        "OriginRequestPolicy",
        "OriginRequestPolicies",
        "origin-request-policy",
        "OriginRequestPolicyConfig",
        "NoSuchOriginRequestPolicy",
        "OriginRequestPolicyList",
        {
            "216adef6-5c7f-47e4-b989-5492eafa07d3": "Managed-AllViewer",
            "b689b0a8-53d0-40ab-baf2-68738e2966ac": "Managed-AllViewerExceptHostHeader",
            "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf": "Managed-CORS-S3Origin",
        },
    ),
    Family(
        "ResponseHeadersPolicy",
        "ResponseHeadersPolicies",
        "response-headers-policy",
        "ResponseHeadersPolicyConfig",
        "NoSuchResponseHeadersPolicy",
        "ResponseHeadersPolicyList",
        {
            "67f7725c-6f97-4210-82d7-5512b31e9d03": "Managed-SecurityHeadersPolicy",
            "60669652-455b-4ae9-85a4-c4c02393f86c": "Managed-SimpleCORS",
        },
    ),
)
VPC_ORIGINS = Family(
    "VpcOrigin",
    "VpcOrigins",
    "vpc-origin",
    "VpcOriginEndpointConfig",
    "EntityNotFound",
    "VpcOriginList",
)


@dataclass
class Document:
    """What was asked for, and the tag under which it may be changed."""

    content: dict[str, Any]
    etag: str


@mends(CloudFrontBackend, "__init__")
def new_backend(original: Method, self: Any, *args: Any, **kwargs: Any) -> None:
    original(self, *args, **kwargs)
    self.documents = {family.name: {} for family in (*POLICIES, VPC_ORIGINS)}
    for family in POLICIES:
        for identifier, name in family.managed.items():
            self.documents[family.name][identifier] = Document(
                {
                    "Id": identifier,
                    "LastModifiedTime": utcnow(),
                    # The API insists on these numbers in a cache policy; elsewhere they are not.
                    family.config: {"Name": name, "Comment": "", "MinTTL": 1},
                },
                random_id(),
            )


def _kept(response: Any, family: Family) -> dict[str, Document]:
    return response.backend.documents[family.name]


def _one(response: Any, family: Family) -> Document:
    found = _kept(response, family).get(response._get_param("Id"))
    if found is None:
        raise NotFoundError(family.missing)
    return found


def _result(family: Family, document: Document) -> ActionResult:
    identifier = document.content["Id"]
    return ActionResult(
        {
            family.name: document.content,
            "ETag": document.etag,
            "Location": f"https://cloudfront.amazonaws.com/2020-05-31/{family.path}/{identifier}",
        }
    )


def _serve(family: Family, made: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> None:
    """Add create, get, update, delete and list of a family to the API."""

    def create(self: Any) -> ActionResult:
        config = self._get_param(family.config, {})
        document = Document(
            {**made(self, config), "LastModifiedTime": utcnow(), family.config: config}, random_id()
        )
        _kept(self, family)[document.content["Id"]] = document
        return _result(family, document)

    def get(self: Any) -> ActionResult:
        return _result(family, _one(self, family))

    def update(self: Any) -> ActionResult:
        document = _one(self, family)
        document.content[family.config] = self._get_param(family.config, {})
        document.content["LastModifiedTime"] = utcnow()
        document.etag = random_id()
        return _result(family, document)

    def delete(self: Any) -> EmptyResult | ActionResult:
        document = _one(self, family)
        del _kept(self, family)[document.content["Id"]]
        return _result(family, document) if family is VPC_ORIGINS else EmptyResult()

    def everything(self: Any) -> ActionResult:
        wanted = self._get_param("Type")
        items = [
            {"Type": origin, family.name: document.content}
            if family is not VPC_ORIGINS
            else {
                **document.content,
                "OriginEndpointArn": document.content[family.config]["Arn"],
            }
            for identifier, document in _kept(self, family).items()
            for origin in ["managed" if identifier in family.managed else "custom"]
            if wanted in (None, origin)
        ]
        listed = {"MaxItems": 100, "Quantity": len(items), "Items": items}
        if family is VPC_ORIGINS:
            listed |= {"Marker": "", "IsTruncated": False}
        return ActionResult({family.lists: listed})

    for method, verb in (
        (create, f"create{family.name}"),
        (get, f"get{family.name}"),
        (update, f"update{family.name}"),
        (delete, f"delete{family.name}"),
        (everything, f"list{family.plural}"),
    ):
        method.__name__ = _snake(verb)
        adds(CloudFrontResponse)(method)
    base = f"{{0}}/2020-05-31/{family.path}"
    urls.url_paths[f"{base}$"] = CloudFrontResponse.dispatch
    urls.url_paths[f"{base}/(?P<document_id>[^/]+)$"] = CloudFrontResponse.dispatch


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _new_policy(response: Any, config: dict[str, Any]) -> dict[str, Any]:
    return {"Id": str(uuid.uuid4())}


def _new_vpc_origin(response: Any, config: dict[str, Any]) -> dict[str, Any]:
    identifier = f"vo_{random_id(uppercase=False, length=22)}"
    account = response.current_account
    arn = f"arn:aws:cloudfront::{account}:vpcorigin/{identifier}"
    tags = response._get_param("Tags.Items", []) or []
    response.backend.tagger.tag_resource(arn, tags)
    return {
        "Id": identifier,
        "Arn": arn,
        "AccountId": account,
        "Status": "Deployed",
        "CreatedTime": utcnow(),
    }


for policies in POLICIES:
    _serve(policies, _new_policy)
_serve(VPC_ORIGINS, _new_vpc_origin)


# -- functions ----------------------------------------------------------------------------------


@mends(CloudFrontFunction, "__init__")
def new_function(original: Method, self: Any, *args: Any, **kwargs: Any) -> None:
    original(self, *args, **kwargs)
    self.published = False


class NoSuchStageError(NotFoundError):
    """A function that was never published has no live stage."""

    def __init__(self) -> None:
        super().__init__("NoSuchFunctionExists")


@mends(CloudFrontResponse, "describe_function")
def describe_function(original: Method, self: Any) -> ActionResult:
    function = self.backend.describe_function(name=self._get_param("Name"))
    if self._get_param("Stage") == "LIVE" and not function.published:
        raise NoSuchStageError
    return original(self)


@adds(CloudFrontResponse)
def update_function(self: Any) -> ActionResult:
    function = self.backend.describe_function(name=self._get_param("Name"))
    function.config = self._get_param("FunctionConfig", {})
    function.code = self._get_param("FunctionCode")
    function.last_modified_time = utcnow()
    function.etag = random_id()
    return ActionResult({"FunctionSummary": function.function_summary, "ETag": function.etag})


@adds(CloudFrontResponse)
def publish_function(self: Any) -> ActionResult:
    function = self.backend.describe_function(name=self._get_param("Name"))
    function.published = True
    function.status = "UNASSOCIATED"
    return ActionResult({"FunctionSummary": function.function_summary})


urls.url_paths["{0}/2020-05-31/function/(?P<function_name>[^/]+)/publish$"] = (
    CloudFrontResponse.dispatch
)
