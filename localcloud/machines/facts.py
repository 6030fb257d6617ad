"""What an instance may ask about itself (EC2 user guide, "Instance metadata categories")."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from localcloud.control_plane.reconciler import Cloud
from localcloud.machines.seed import Identity
from localcloud.network.metadata import Facts

# EC2 does not say how long; its credentials are seen to last about six hours.
LIFETIME = 6 * 3600
TIME = "%Y-%m-%dT%H:%M:%SZ"


def of(
    instance: Any,
    identity: Identity,
    *,
    account: str,
    groups: Sequence[str],
    tags: Mapping[str, str],
    profile: Any,
    credentials: Mapping[str, Callable[[], Mapping[str, str]]],
) -> Facts:
    """Everything one instance may ask about itself."""
    nic = instance.nics[0]
    host = f"{identity.hostname}.{identity.domain}"
    interface = f"meta-data/network/interfaces/macs/{nic.mac_address}"
    values: dict[str, str] = {
        "meta-data/ami-id": instance.image_id,
        "meta-data/ami-launch-index": str(instance.ami_launch_index),
        "meta-data/hostname": host,
        "meta-data/instance-action": "none",
        "meta-data/instance-id": instance.id,
        "meta-data/instance-life-cycle": "on-demand",
        "meta-data/instance-type": instance.instance_type,
        "meta-data/local-hostname": host,
        "meta-data/local-ipv4": identity.private_address,
        "meta-data/mac": nic.mac_address,
        "meta-data/placement/availability-zone": instance.availability_zone,
        "meta-data/placement/region": instance.region_name,
        "meta-data/security-groups": "\n".join(groups),
        "meta-data/services/domain": "amazonaws.com",
        "meta-data/services/partition": "aws",
        f"{interface}/device-number": "0",
        f"{interface}/interface-id": nic.id,
        f"{interface}/local-ipv4s": identity.private_address,
        f"{interface}/subnet-id": instance.subnet_id,
        f"{interface}/vpc-id": instance.vpc_id,
        f"{interface}/vpc-ipv4-cidr-block": str(identity.vpc),
        "dynamic/instance-identity/document": json.dumps(
            {
                "accountId": account,
                "architecture": instance.architecture,
                "availabilityZone": instance.availability_zone,
                "imageId": instance.image_id,
                "instanceId": instance.id,
                "instanceType": instance.instance_type,
                "privateIp": identity.private_address,
                "region": instance.region_name,
                "version": "2017-09-30",
            },
            indent=2,
        ),
    }
    if identity.public_addresses:
        values["meta-data/public-ipv4"] = identity.public_addresses[0]
    for key in identity.public_keys:
        values["meta-data/public-keys/0/openssh-key"] = key
    if profile:
        values["meta-data/iam/info"] = json.dumps(
            {
                "Code": "Success",
                "InstanceProfileArn": profile.arn,
                "InstanceProfileId": profile.id,
            },
            indent=2,
        )
    options = instance.metadata_options
    if options.instance_metadata_tags == "enabled":
        values |= {f"meta-data/tags/instance/{name}": value for name, value in tags.items()}
    return Facts(
        enabled=options.http_endpoint == "enabled",
        token_required=options.http_tokens == "required",
        values=values,
        credentials=credentials,
    )


def assume(cloud: Cloud, region: str, role: str, session: str) -> tuple[float, Mapping[str, str]]:
    """Credentials that the control plane knows as this role's; call inside changing()."""
    made = cloud.backend("sts", "aws").assume_role(
        region_name=region,
        role_session_name=session,
        role_arn=role,
        policy="",
        duration=LIFETIME,
        external_id="",
    )
    ends = datetime.now(UTC).timestamp() + LIFETIME
    return ends, {
        "Code": "Success",
        "LastUpdated": datetime.now(UTC).strftime(TIME),
        "Type": "AWS-HMAC",
        "AccessKeyId": made.access_key_id,
        "SecretAccessKey": made.secret_access_key,
        "Token": made.session_token,
        "Expiration": datetime.fromtimestamp(ends, UTC).strftime(TIME),
    }
