"""An image made of the application's own Dockerfile; it needs a container engine."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker


@dataclass(frozen=True, kw_only=True)
class ImageArgs:
    context: str  # folder that the engine is given
    dockerfile: str  # within the context
    target: str | None  # stage; None: the last
    version: str
    architecture: str  # x86_64 or arm64
    arguments: Mapping[str, pulumi.Input[str]]  # public values, fixed in the image
    repository_url: pulumi.Input[str]


class Image(pulumi.ComponentResource):
    """Built, pushed, and from then on known by its digest."""

    digest: pulumi.Output[str]

    def __init__(
        self, name: str, args: ImageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:compute:Image", name, None, opts)
        login = aws.ecr.get_authorization_token_output(opts=pulumi.InvokeOutputOptions(parent=self))
        engine = docker.Provider(
            name,
            registry_auth=[
                docker.ProviderRegistryAuthArgs(
                    address=login.proxy_endpoint,
                    username=login.user_name,
                    password=pulumi.Output.secret(login.password),
                )
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        image = docker.Image(
            name,
            image_name=pulumi.Output.concat(args.repository_url, ":", args.version),
            build=docker.DockerBuildArgs(
                context=args.context,
                # The engine looks for it where it is called (docker build --file).
                dockerfile=f"{args.context}/{args.dockerfile}",
                target=args.target,
                platform="linux/arm64" if args.architecture == "arm64" else "linux/amd64",
                args=dict(args.arguments),
            ),
            opts=pulumi.ResourceOptions(parent=self, provider=engine),
        )
        self.digest = image.repo_digest
        self.register_outputs({"digest": self.digest})
