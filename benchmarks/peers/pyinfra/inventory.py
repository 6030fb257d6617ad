"""The machines of a run, from the file that BENCHMARK_INVENTORY names."""

import json
import os
from pathlib import Path

told = json.loads(Path(os.environ["BENCHMARK_INVENTORY"]).read_text())

hosts = [
    (
        machine["name"],
        {
            "ssh_hostname": machine["address"],
            "ssh_user": told["user"],
            "ssh_key": told["key"],
            "ssh_known_hosts_file": str(Path(told["key"]).with_name("known_hosts")),
            "ssh_strict_host_key_checking": "yes",
            "ssh_allow_agent": False,
            "ssh_look_for_keys": False,
        },
    )
    for machine in told["machines"]
]
