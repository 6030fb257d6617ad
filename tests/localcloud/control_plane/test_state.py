"""What was acknowledged is there after a kill, for its owner only, or the reason is said."""

import shutil
import stat
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from localcloud.control_plane import gaps
from localcloud.control_plane.cloud import MotoCloud
from localcloud.control_plane.state import FORMAT, StateDirectory, StateError
from tests.emulated_account import client, emulated_account

HERE = {"LocationConstraint": "eu-west-1"}


class Holder:
    def __init__(self, name: str) -> None:
        self.name = name


def fill() -> dict[str, str]:
    """A little of every service whose records are hard to keep: keys, bodies, references."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    made = ec2.run_instances(
        ImageId="ami-0deb13a0000000001", MinCount=1, MaxCount=1, SubnetId=subnet
    )
    ec2.create_key_pair(KeyName="deploy")
    client("iam").create_role(RoleName="host", AssumeRolePolicyDocument="{}")
    client("iam").attach_role_policy(
        RoleName="host", PolicyArn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    )
    s3 = client("s3")
    s3.create_bucket(Bucket="the-data", CreateBucketConfiguration=HERE)
    s3.put_bucket_versioning(Bucket="the-data", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"first", b"second"):
        s3.put_object(Bucket="the-data", Key="model", Body=body, Metadata={"made-by": "test"})
    s3.put_object(Bucket="the-data", Key="gone", Body=b"-")
    s3.delete_object(Bucket="the-data", Key="gone")
    key = client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")
    certificate = client("acm").request_certificate(DomainName="app.example.test")
    client("secretsmanager").create_secret(Name="database", SecretString="horse")
    client("ssm").put_parameter(Name="/plain", Value="one", Type="String")
    rds = client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName="tuned", DBParameterGroupFamily="postgres17", Description="-"
    )
    rds.create_db_instance(
        DBInstanceIdentifier="primary",
        Engine="postgres",
        DBInstanceClass="db.t4g.medium",
        AllocatedStorage=20,
        MasterUsername="owner",
        MasterUserPassword="correct-horse",
        DBParameterGroupName="tuned",
    )
    return {
        "vpc": vpc,
        "instance": made["Instances"][0]["InstanceId"],
        "key": key["KeyMetadata"]["KeyId"],
        "certificate": certificate["CertificateArn"],
    }


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A state directory as a killed control plane leaves it, and the ids of what is in it."""
    gaps.fill()
    directory = tmp_path_factory.mktemp("control-plane") / "state"
    state = StateDirectory(directory)
    with emulated_account():
        ids = fill()
        state.write(state.dump())
    state.release()
    return directory, ids


@pytest.fixture
def ids(left_behind: tuple[Path, dict[str, str]]) -> dict[str, str]:
    return left_behind[1]


@pytest.fixture
def kept(left_behind: tuple[Path, dict[str, str]], tmp_path: Path) -> Path:
    return shutil.copytree(left_behind[0], tmp_path / "state")


def test_every_record_is_there_after_a_kill(kept: Path, ids: dict[str, str]) -> None:
    with emulated_account():
        StateDirectory(kept).load()

        ec2 = client("ec2")
        assert ec2.describe_vpcs(VpcIds=[ids["vpc"]])["Vpcs"][0]["CidrBlock"] == "10.1.0.0/16"
        found = ec2.describe_instances(InstanceIds=[ids["instance"]])
        assert found["Reservations"][0]["Instances"][0]["State"]["Name"] == "running"
        assert ec2.describe_key_pairs(KeyNames=["deploy"])["KeyPairs"]
        attached = client("iam").list_attached_role_policies(RoleName="host")["AttachedPolicies"]
        assert [policy["PolicyName"] for policy in attached] == ["AmazonSSMManagedInstanceCore"]
        s3 = client("s3")
        model = s3.get_object(Bucket="the-data", Key="model")
        assert (model["Body"].read(), model["Metadata"]) == (b"second", {"made-by": "test"})
        assert len(s3.list_object_versions(Bucket="the-data", Prefix="model")["Versions"]) == 2
        signed = client("kms").sign(
            KeyId=ids["key"], Message=b"-", SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256"
        )
        assert signed["Signature"]
        asked = client("acm").describe_certificate(CertificateArn=ids["certificate"])
        assert asked["Certificate"]["DomainName"] == "app.example.test"
        secret = client("secretsmanager").get_secret_value(SecretId="database")
        assert secret["SecretString"] == "horse"
        assert client("ssm").get_parameter(Name="/plain")["Parameter"]["Value"] == "one"
        assert MotoCloud("", lambda generation: None).master_password("eu-west-1", "primary")


def test_records_go_on_changing_after_they_were_read_back(kept: Path, ids: dict[str, str]) -> None:
    with emulated_account():
        StateDirectory(kept).load()

        client("ec2").stop_instances(InstanceIds=[ids["instance"]])
        client("s3").put_object(Bucket="the-data", Key="model", Body=b"third")
        client("rds").delete_db_instance(DBInstanceIdentifier="primary", SkipFinalSnapshot=True)
        client("acm").delete_certificate(CertificateArn=ids["certificate"])

        model = client("s3").get_object(Bucket="the-data", Key="model")
        assert model["Body"].read() == b"third"


def test_a_bucket_is_not_made_anew_over_one_that_was_read_back(kept: Path) -> None:
    with emulated_account():
        StateDirectory(kept).load()

        s3 = client("s3")
        with pytest.raises(s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket="the-data", CreateBucketConfiguration=HERE)
        assert s3.get_object(Bucket="the-data", Key="model")["Body"].read() == b"second"


def test_nobody_else_can_read_it(kept: Path) -> None:
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    written = [file for file in kept.rglob("*") if file.name != "lock"]
    modes = {stat.S_IMODE(file.stat().st_mode) for file in written if file.is_file()}
    assert len(written) > 3
    assert modes == {0o600}


def test_a_body_is_written_once_however_often_the_records_are(kept: Path) -> None:
    with emulated_account():
        state = StateDirectory(kept)
        state.load()
        bodies = {file: file.stat().st_mtime_ns for file in (kept / "objects").iterdir()}
        state.write(state.dump())

    assert {file: file.stat().st_mtime_ns for file in (kept / "objects").iterdir()} == bodies


def test_bodies_of_objects_that_are_gone_are_swept_at_the_next_start(kept: Path) -> None:
    (kept / "objects" / "0123").write_bytes(b"of an object deleted since")
    bodies = {file.name for file in (kept / "objects").iterdir()} - {"0123"}

    with emulated_account():
        StateDirectory(kept).load()

    assert {file.name for file in (kept / "objects").iterdir()} == bodies


def test_a_state_of_another_version_is_refused_by_name(kept: Path) -> None:
    records = kept / "records.pickle"
    records.write_bytes(records.read_bytes().replace(FORMAT.encode(), b"control plane 0", 1))

    with pytest.raises(StateError, match=r"written by another version \(control plane 0"):
        StateDirectory(kept).load()


def test_a_broken_state_is_refused_by_name(kept: Path) -> None:
    (kept / "records.pickle").write_bytes(FORMAT.encode() + b"\n\x80\x05nonsense")

    with pytest.raises(StateError, match=r"records\.pickle cannot be read"):
        StateDirectory(kept).load()


def test_a_directory_serves_one_control_plane(tmp_path: Path) -> None:
    first = StateDirectory(tmp_path / "state")

    with pytest.raises(StateError, match="in use by another control plane"):
        StateDirectory(tmp_path / "state")
    first.release()
    StateDirectory(tmp_path / "state").release()


def test_a_service_that_cannot_be_kept_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gaps.fill()
    with emulated_account():
        made = client("ec2").create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        client("ssm").put_parameter(Name="/plain", Value="one", Type="String")
        unkeepable: Any = MotoCloud("", lambda generation: None).backend("ssm", "eu-west-1")
        unkeepable.stream = (number for number in range(2))
        state = StateDirectory(tmp_path / "state")
        for _ in range(2):
            state.write(state.dump())
        state.release()
    said = capsys.readouterr().err

    assert said.count("SimpleSystemManagerBackend of eu-west-1 does not survive a restart") == 1
    with emulated_account():
        StateDirectory(tmp_path / "state").load()
        assert client("ec2").describe_vpcs(VpcIds=[made])["Vpcs"]


def test_what_is_held_weakly_is_still_found(tmp_path: Path) -> None:
    import io
    import weakref

    from localcloud.control_plane.state import Pickler, Unpickler

    file = io.BytesIO()
    held = Holder("one")
    both = (held, weakref.WeakValueDictionary({"by-name": held}), weakref.ref(held))
    Pickler(file, tmp_path).dump(both)
    file.seek(0)

    again, by_name, reference = Unpickler(file, tmp_path).load()

    assert again.name == "one"
    assert by_name["by-name"] is again
    assert reference() is again


def test_dictionaries_with_a_factory_keep_it(tmp_path: Path) -> None:
    """Moto counts on the factory, and a lambda cannot be pickled by name."""
    import io

    from localcloud.control_plane.state import Pickler, Unpickler

    file = io.BytesIO()
    start = 7
    Pickler(file, tmp_path).dump(defaultdict(lambda: start))
    file.seek(0)

    assert Unpickler(file, tmp_path).load()["absent"] == 7
