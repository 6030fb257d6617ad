"""Every kind of AWS resource that a platform needs; made, left alone, refreshed and destroyed."""

import compute
import edge
import foundation
import network
import recovery
import stores
import watch

base = foundation.make()
net = network.make(base)
kept = stores.make(base, net)
front = compute.make(base, net, kept)
edge.make(base, net, front, kept)
watch.make(base, net, front, kept)
recovery.make(base, kept)
