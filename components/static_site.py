"""A folder of files for browsers, in a private bucket that only the edge reads."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.bucket import Bucket, BucketArgs

# A path whose last part has no dot names no file: it is a page of the application, which finds
# its way by itself. Nothing else is rewritten, so that a missing file stays missing.
SINGLE_PAGE = """\
function handler(event) {
  var request = event.request;
  if (!request.uri.split('/').pop().includes('.')) {
    request.uri = '/index.html';
  }
  return request;
}
"""
# S3 knows no index documents when it is read privately.
FOLDERS = """\
function handler(event) {
  var request = event.request;
  if (request.uri.endsWith('/')) {
    request.uri += 'index.html';
  } else if (!request.uri.split('/').pop().includes('.')) {
    request.uri += '/index.html';
  }
  return request;
}
"""


@dataclass(frozen=True, kw_only=True)
class StaticSiteArgs:
    key_arn: pulumi.Input[str]
    log_bucket: pulumi.Input[str]
    single_page: bool
    durable: bool


class StaticSite(pulumi.ComponentResource):
    """The edge that serves it makes the bucket's policy, once it knows itself."""

    bucket: Bucket
    rewrite_arn: pulumi.Output[str]  # the function that finds the file for a path

    def __init__(
        self, name: str, args: StaticSiteArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:edge:StaticSite", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.bucket = Bucket(
            name,
            BucketArgs(
                key_arn=args.key_arn,
                durable=args.durable,
                log_bucket=args.log_bucket,
                # What a browser that still has the page before may ask for.
                keep_replaced_days=90,
                grants=None,
            ),
            opts=child,
        )
        self.rewrite_arn = aws.cloudfront.Function(
            name,
            comment=f"{name}: the file for a path",
            runtime="cloudfront-js-2.0",
            code=SINGLE_PAGE if args.single_page else FOLDERS,
            publish=True,
            opts=child,
        ).arn
        self.register_outputs({"bucket": self.bucket.name})
