"""Application Load Balancers as HAProxy, in a container with addresses of the VPC and outside it.

A stand-in for Elastic Load Balancing, reached through the control plane and the names it gives
out; nothing of the program imports it.
"""

from localcloud.control_plane.reconciler import Reconciler


def reconciler() -> Reconciler:
    """What the control plane runs when it is started `--with localcloud.load_balancer`."""
    from localcloud.load_balancer.reconciler import LoadBalancers

    return LoadBalancers()
