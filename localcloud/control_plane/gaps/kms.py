"""KMS: a replica is a key of its own; moto's shares its description with the primary.

So the first look at a replica turns its primary into a replica as well.
"""

from typing import Any

from moto.kms.models import KmsBackend

from localcloud.control_plane.gaps.mending import Method, mends


@mends(KmsBackend, "replicate_key")
def replicate_key(original: Method, self: Any, key_id: str, replica_region: str) -> Any:
    replica = original(self, key_id, replica_region)
    if replica.multi_region:
        shared = replica.multi_region_configuration
        replica.multi_region_configuration = {**shared, "MultiRegionKeyType": "REPLICA"}
    return replica
