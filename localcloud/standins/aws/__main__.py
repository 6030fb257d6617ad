"""`python -m localcloud.standins.aws ENGINE_ADDRESS`, or `--prepare` to fill the cache first."""

import sys

from localcloud.standins import journal, serving
from localcloud.standins.aws.catalogue import Catalogue
from localcloud.standins.aws.mirror import ProviderNotFoundError, find_provider
from localcloud.standins.aws.provider import AwsProvider
from localcloud.standins.aws.terraform import Terraform
from localcloud.standins.journal import Journalled
from localcloud.standins.rpc import provider_pb2_grpc


def main() -> int:
    try:
        executable = find_provider()
        catalogue = Catalogue(executable)
    except (ProviderNotFoundError, ModuleNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if "--prepare" in sys.argv[1:]:
        return 0
    terraform = Terraform(executable, catalogue.provider)
    provider = AwsProvider(catalogue, terraform)
    serving.serve(
        lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server),
        terraform.stop,
        Journalled(journal.of_environment()),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
