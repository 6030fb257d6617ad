"""What every answer tells the browser to refuse."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

# A year, as the applications' manuals ask.
YEAR = 31_536_000
IMMUTABLE = f"public, max-age={YEAR}, immutable"


@dataclass(frozen=True, kw_only=True)
class ResponseHeadersArgs:
    content_security_policy: str | None = None
    frames: str = "SAMEORIGIN"
    referrer: str = "strict-origin-when-cross-origin"
    hsts_seconds: int = YEAR  # how long a browser comes by TLS alone; 0: it is told nothing
    immutable: bool = False  # the file's name changes whenever the file does


class ResponseHeaders(pulumi.ComponentResource):
    """One of each header, whatever the origin said."""

    policy_id: pulumi.Output[str]

    def __init__(
        self, name: str, args: ResponseHeadersArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:edge:ResponseHeaders", name, None, opts)
        policy = aws.cloudfront.ResponseHeadersPolicy(
            name,
            comment=f"{name}: security headers",
            security_headers_config=aws.cloudfront.ResponseHeadersPolicySecurityHeadersConfigArgs(
                strict_transport_security=_tls_alone(args.hsts_seconds),
                content_type_options=(
                    aws.cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentTypeOptionsArgs(
                        override=True
                    )
                ),
                frame_options=(
                    aws.cloudfront.ResponseHeadersPolicySecurityHeadersConfigFrameOptionsArgs(
                        frame_option=args.frames, override=True
                    )
                ),
                referrer_policy=(
                    aws.cloudfront.ResponseHeadersPolicySecurityHeadersConfigReferrerPolicyArgs(
                        referrer_policy=args.referrer, override=True
                    )
                ),
                content_security_policy=_content_policy(args.content_security_policy),
            ),
            custom_headers_config=_immutable() if args.immutable else None,
            remove_headers_config=aws.cloudfront.ResponseHeadersPolicyRemoveHeadersConfigArgs(
                items=[
                    aws.cloudfront.ResponseHeadersPolicyRemoveHeadersConfigItemArgs(header=header)
                    for header in ("Server", "X-Powered-By")
                ]
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.policy_id = policy.id
        self.register_outputs({})


def _tls_alone(
    seconds: int,
) -> aws.cloudfront.ResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurityArgs | None:
    if not seconds:
        return None
    return aws.cloudfront.ResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurityArgs(
        access_control_max_age_sec=seconds, include_subdomains=True, override=True
    )


def _content_policy(
    text: str | None,
) -> aws.cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentSecurityPolicyArgs | None:
    if text is None:
        return None
    return aws.cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentSecurityPolicyArgs(
        content_security_policy=text, override=True
    )


def _immutable() -> aws.cloudfront.ResponseHeadersPolicyCustomHeadersConfigArgs:
    return aws.cloudfront.ResponseHeadersPolicyCustomHeadersConfigArgs(
        items=[
            aws.cloudfront.ResponseHeadersPolicyCustomHeadersConfigItemArgs(
                header="Cache-Control", value=IMMUTABLE, override=True
            )
        ]
    )
