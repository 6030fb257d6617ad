"""An operations instance in its role, and the databases that only it reaches."""

import json
from collections.abc import Mapping, Sequence

from hosts.roles.release import Releases, releases
from hosts.steps import Role
from tests.e2e.databases import available, instance
from tests.e2e.emulated import REGION, Emulated

VERSIONS = {"postgres": "17", "mysql": "8.4"}
PORTS = {"postgres": 5432, "mysql": 3306}
RELEASE = "sudo /usr/local/lib/groundwork/release"


def stand(
    cloud: Emulated, engines: Mapping[str, str], password: str, buckets: Sequence[str]
) -> None:
    """All are there and can be reached.

    engines: identifier of a database → its engine; password: its administrator's.
    """
    iam = cloud.client("iam")
    iam.create_role(RoleName="operations", AssumeRolePolicyDocument="{}")
    iam.create_instance_profile(InstanceProfileName="operations")
    iam.add_role_to_instance_profile(InstanceProfileName="operations", RoleName="operations")
    group = cloud.group("operations", port_22=cloud.public)
    cloud.operations = cloud.instance(
        "operations", group, public=True, IamInstanceProfile={"Name": "operations"}
    )
    stores = cloud.group("stores", **{f"port_{port}": group for port in PORTS.values()})
    rds = cloud.client("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName="stores", DBSubnetGroupDescription="stores", SubnetIds=cloud.subnets
    )
    for identifier, engine in engines.items():
        rds.create_db_instance(
            DBInstanceIdentifier=identifier,
            Engine=engine,
            EngineVersion=VERSIONS[engine],
            DBInstanceClass="db.t4g.medium",
            MasterUsername="administrator",
            MasterUserPassword=password,
            AllocatedStorage=20,
            DBSubnetGroupName="stores",
            VpcSecurityGroupIds=[stores],
            BackupRetentionPeriod=1,
        )
    for bucket in buckets:
        cloud.client("s3").create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
    cloud.reachable()
    for identifier in engines:
        available(cloud, identifier)


def secret(cloud: Emulated, identifier: str, user: str, password: str) -> str:
    """ARN of what a user connects to a database with, made as the program makes it."""
    place = instance(cloud, identifier)["Endpoint"]
    content = {
        "username": user,
        "password": password,
        "host": place["Address"],
        "port": place["Port"],
    }
    made = cloud.client("secretsmanager").create_secret(
        Name=f"{identifier}-{user}", SecretString=json.dumps(content)
    )
    return made["ARN"]


def release(application: str, *, dump_first: str | None = None) -> Role:
    """What migrates on the operations instance: of one artifact, and nothing runs there."""
    return releases(
        Releases(
            application=application,
            bucket="artifacts",
            artifacts={"api": "tar.gz"},
            services=(),
            drain_seconds=0,
            settle_seconds=0,
            dump_first=dump_first,
        )
    )
