"""`python -m localcloud.machines --bake | --destroy STATE_DIR`"""

import argparse
import sys
from pathlib import Path

from localcloud.machines import image
from localcloud.machines.destroy import destroy
from localcloud.machines.host import MachinesError
from localcloud.network.namespace import NetworkError


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m localcloud.machines", description="The local cloud's machines."
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--bake", action="store_true", help="make the images, where they are missing")
    what.add_argument(
        "--destroy",
        type=Path,
        metavar="STATE_DIR",
        help="remove every machine, service and link of the cloud whose state lies there",
    )
    arguments = parser.parse_args()
    try:
        if arguments.destroy:
            destroy(arguments.destroy)
        else:
            for made in image.ensure_all(progress=print):
                print(made.directory)
    except (MachinesError, NetworkError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
