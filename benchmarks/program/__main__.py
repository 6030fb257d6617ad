"""Every machine of an inventory, configured as groundwork configures a host, and nothing else."""

import os
import sys
from pathlib import Path

import pulumi

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.configured_host import read
from hosts.configuration import HostConfiguration, HostConfigurationArgs
from hosts.connection import Connection

inventory = read(Path(os.environ["BENCHMARK_INVENTORY"]))
for machine in inventory.machines:
    HostConfiguration(
        machine.name,
        HostConfigurationArgs(
            connection=Connection(
                address=machine.address,
                host_key=machine.host_key,
                user=inventory.user,
                private_key=pulumi.Output.secret(inventory.key.read_text()),
            ),
            instance_id=machine.instance_id,
            facts={},
            roles=lambda _: inventory.roles,
        ),
    )
