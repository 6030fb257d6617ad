"""A reconciler for the tests: every instance it sees is stopped; it says when it was itself."""

import threading
from pathlib import Path

from localcloud.control_plane.reconciler import Cloud, Reconciler


class Stopping:
    name = "stopping"

    def start(self, cloud: Cloud, state_dir: Path) -> None:
        self._cloud = cloud
        self._directory = state_dir
        self._ending = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        self._ending.set()
        (self._directory / "stopped").write_text("cleanly")

    def _run(self) -> None:
        generation = -1
        while not self._ending.is_set():
            generation = self._cloud.wait_for_change(generation, timeout=0.2)
            with self._cloud.reading():
                running = [
                    (region, instance.id)
                    for region in self._cloud.regions("ec2")
                    for instance in self._cloud.backend("ec2", region).all_instances()
                    if instance.state == "running"
                ]
            if running:
                with self._cloud.changing():
                    for region, identifier in running:
                        self._cloud.set_instance_state(region, identifier, "stopped")


def reconciler() -> Reconciler:
    return Stopping()
