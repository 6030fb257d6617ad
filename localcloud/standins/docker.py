"""Stand-in for pulumi-resource-docker: images preview, and say clearly that they cannot be built.

A stack whose images are built needs a Docker engine and the official plugin; everywhere else
images are named by digest and this plugin is not asked for anything.
"""

from typing import ClassVar

from localcloud.standins.provider import OperationError, Resource, run
from localcloud.standins.values import Properties, plain

VERSION = "5.2.0"


class Image(Resource):
    inputs: ClassVar[tuple[str, ...]] = (
        "imageName",
        "build",
        "registry",
        "skipPush",
        "buildOnPreview",
    )
    required: ClassVar[tuple[str, ...]] = ("imageName",)
    computed: ClassVar[tuple[str, ...]] = ("repoDigest", "baseImageName", "registryServer")

    def create(self, urn: str, news: Properties) -> tuple[str, Properties]:
        raise self._refusal(news)

    def update(self, urn: str, olds: Properties, news: Properties) -> Properties:
        raise self._refusal(news)

    def _refusal(self, news: Properties) -> OperationError:
        return OperationError(
            f"the image {plain(news['imageName'])} cannot be built here: that takes a Docker "
            "engine and the official docker plugin. Name an image by its digest "
            "(image.build: false) or run where both are installed"
        )


class RegistryImage(Image):
    inputs: ClassVar[tuple[str, ...]] = ("name", "keepRemotely", "insecureSkipVerify", "triggers")
    required: ClassVar[tuple[str, ...]] = ("name",)
    computed: ClassVar[tuple[str, ...]] = ("sha256Digest",)

    def _refusal(self, news: Properties) -> OperationError:
        return super()._refusal({"imageName": news["name"]})


if __name__ == "__main__":
    run(
        "docker",
        VERSION,
        {
            "docker:index/image:Image": Image,
            "docker:index/registryImage:RegistryImage": RegistryImage,
        },
    )
