"""Killed at any moment, the next `up` goes on and ends where an undisturbed one would have."""

import os
import random
import subprocess
import time
from pathlib import Path
from typing import Any

import boto3

from tests.e2e.cloud import Cloud, kill, wait_for

KILLS = 5
# An `up` of the small project takes longer than this, so every kill hits something.
LATEST = 25.0


def entries(cloud: Cloud) -> int:
    """How many creations of the run at work, or of the one that was cut off, are in its journal."""
    journal = cloud.home / "journal"
    return len(list(journal.iterdir())) if journal.exists() else 0


def wait_until_made(cloud: Cloud, process: subprocess.Popen[bytes], number: int) -> None:
    wait_for(lambda: process.poll() is not None or entries(cloud) >= number, 90)


def client(cloud: Cloud, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=cloud.endpoint,
        region_name="eu-west-1",
        aws_access_key_id="emulated",
        aws_secret_access_key="emulated",
    )


def states_written_in_place(cloud: Cloud) -> list[Path]:
    """Files of the backend which the engine overwrites: cut off, they are empty ever after."""
    return list((cloud.home / "backend").rglob("*.attrs"))


def test_killed_five_times_it_goes_on_and_makes_everything_once(small: Cloud) -> None:
    seed = int(os.environ.get("GROUNDWORK_SEED", random.randrange(10**6)))
    moments = random.Random(seed)
    print(f"moments of the kills: GROUNDWORK_SEED={seed}")
    for number in range(KILLS):
        process = small.start("up")
        if number % 2:
            made = moments.randrange(1, 15)
            print(f"kill {number + 1}: once {made} more resources are made")
            wait_until_made(small, process, entries(small) + made)
        else:
            moment = moments.uniform(0.5, LATEST)
            print(f"kill {number + 1}: after {moment:.1f} s")
            time.sleep(moment)
        kill(process, whole_group=moments.random() < 0.7)

    small.expect("up")

    ec2 = client(small, "ec2")
    networks = ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.90.0.0/16"]}])["Vpcs"]
    own = [{"Name": "vpc-id", "Values": [networks[0]["VpcId"]]}]
    assert len(networks) == 1
    assert len(ec2.describe_subnets(Filters=own)["Subnets"]) == 3
    pages = client(small, "ssm").get_paginator("get_parameters_by_path").paginate(Path="/small")
    parameters = [parameter["Name"] for page in pages for parameter in page["Parameters"]]
    assert sorted(parameters) == sorted(f"/small/{number}" for number in range(12))
    assert "Nothing to change" in small.expect("up")
    assert states_written_in_place(small) == []


def test_a_dead_control_plane_comes_back_with_everything_in_it(small: Cloud) -> None:
    before = client(small, "s3").list_buckets()["Buckets"]
    (process,) = control_planes(small)
    os.kill(process, 9)
    assert wait_for(lambda: not control_planes(small), 60)

    assert "Nothing to change" in small.expect("up")

    after = client(small, "s3").list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in after] == [bucket["Name"] for bucket in before]
    assert after != []


def test_down_after_a_kill_leaves_no_process_and_no_file(small: Cloud) -> None:
    process = small.start("up")
    time.sleep(6)
    kill(process, whole_group=True)

    small.expect("down")

    assert not small.home.exists()
    assert small.processes() == []


def control_planes(cloud: Cloud) -> list[int]:
    from localcloud import processes, supervisor

    return [process.pid for process in processes.started_by(cloud.home, {supervisor.ROLE})]
