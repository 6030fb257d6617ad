"""RDS and ElastiCache as the database servers they offer, in containers on the network.

A stand-in for both, reached through the control plane and the names it gives out; nothing of the
program imports it.
"""

from localcloud.control_plane.reconciler import Reconciler


def reconciler() -> Reconciler:
    """What the control plane runs when it is started `--with localcloud.services`."""
    from localcloud.services.reconciler import Services

    return Services()
