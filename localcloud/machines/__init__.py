"""EC2 instances as booted Debian 13 machines under systemd-nspawn.

A stand-in for EC2, reached through the control plane alone; nothing of the program imports it.
"""

from localcloud.control_plane.reconciler import Reconciler


def reconciler() -> Reconciler:
    """What the control plane runs when it is started `--with localcloud.machines`."""
    from localcloud.machines.instances import Machines

    return Machines()
