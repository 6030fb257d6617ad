"""The hosts of an inventory configured without the engine: hosts/ and the remote command alone.

`python -m benchmarks.side_by_side INVENTORY`, which prints what changed.
"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.configured_host import Inventory, Machine, read
from hosts.script import COMMAND, render
from localcloud.standins.command import ssh
from localcloud.standins.command.running import Run


def configure(inventory: Inventory, machine: Machine, script: str) -> tuple[str, int | None, str]:
    connection = {
        "host": machine.address,
        "user": inventory.user,
        "hostKey": machine.host_key,
        "privateKey": inventory.key.read_text(),
    }
    wanted = Run(command=COMMAND, environment={}, stdin=script, log_line=lambda *_: None)
    code, _, _, output = ssh.run(connection, wanted, lambda _: None, threading.Event())
    return machine.name, code, output


def main() -> int:
    inventory = read(Path(sys.argv[1]))
    scripts = {m.name: render(inventory.roles, m.name) for m in inventory.machines}
    with ThreadPoolExecutor(len(inventory.machines)) as pool:
        done = list(
            pool.map(lambda one: configure(inventory, one, scripts[one.name]), inventory.machines)
        )
    for name, code, output in done:
        print(f"{name}: exit status {code}\n{output}")
    return int(any(code for _, code, _ in done))


if __name__ == "__main__":
    sys.exit(main())
