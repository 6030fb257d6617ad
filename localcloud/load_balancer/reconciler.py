"""Every Application Load Balancer is a proxy; what it sees of its targets goes back to the API."""

import logging
import time
from typing import Any

from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup

from localcloud.control_plane.gaps.mending import Method, mends
from localcloud.control_plane.reconciler import TargetState
from localcloud.follower import Follower
from localcloud.load_balancer import haproxy, wanted
from localcloud.load_balancer.model import Target, lost, still_draining
from localcloud.load_balancer.runtime import Observed, Runtime
from localcloud.load_balancer.wanted import KIND, Wanted
from localcloud.machines import image
from localcloud.machines.container import Service
from localcloud.network import public_addresses, zones
from localcloud.services import placement
from localcloud.services.fleet import Fleet
from localcloud.services.node import CONFIG, DATA, Node
from localcloud.services.server import ServerError
from localcloud.status_file import Served

log = logging.getLogger(__name__)

SERVED = "HAProxy 3.0"
# How long a request may be between being sent to a target and reaching it, in seconds.
SETTLING = 0.5
STOPPED = "Target is in the stopped state"
DRAINING = ("Target.DeregistrationInProgress", "Target deregistration is in progress")


@mends(FakeTargetGroup, "register")
def _register(original: Method, self: Any, targets: Any) -> None:
    """Nothing is known of a new target; moto calls it healthy at once."""
    new = [target["Id"] for target in targets if target["Id"] not in self.targets]
    original(self, targets)
    for name in new:
        self.observed_health[f"{name}:{self.targets[name]['Port']}"] = ("initial", "")


@mends(FakeTargetGroup, "deregister")
def _deregister(original: Method, self: Any, targets: Any) -> None:
    """Until the proxy has let go of a target it is draining; moto calls it unused at once."""
    served = [t["Id"] for t in targets if t["Id"] in self.targets and self.load_balancer_arns]
    original(self, targets)
    self.draining = {**getattr(self, "draining", {}), **dict.fromkeys(served, time.time())}


@mends(FakeTargetGroup, "health_for")
def _health_for(original: Method, self: Any, target: Any, ec2_backend: Any) -> Any:
    said = original(self, target, ec2_backend)
    if target["Id"] in getattr(self, "draining", {}) and target["Id"] not in self.targets:
        return FakeHealthStatus(
            said.instance_id, said.port, said.health_check_port, "draining", *DRAINING
        )
    return said


class LoadBalancers(Follower):
    """HAProxy in a container for each."""

    name = "load_balancer"
    patience = 0.5

    def __init__(self) -> None:
        super().__init__(workers=4)
        self._fleet = Fleet[Wanted](self._workers, self._ensure, self._remove, self._stands)
        self._wanted: dict[str, Wanted] = {}
        self._ever_healthy: set[tuple[str, str]] = set()
        self._withdrawn: dict[tuple[str, str], float] = {}

    def _prepare(self) -> None:
        self._image = image.ensure(image.SERVICES, progress=log.info)
        self._network.ensure()

    def _reconcile(self) -> None:
        with self._cloud.reading():
            found = list(wanted.load_balancers(self._cloud))
            placed = all(_is_placed(balancer) for _, balancer in found)
        if not placed:
            with self._cloud.changing():
                self._place_all()
        with self._cloud.reading():
            read_at = time.time()
            read = [
                wanted.read(self._cloud, region, balancer)
                for region, balancer in wanted.load_balancers(self._cloud)
                if hasattr(balancer, "place")
            ]
            records = list(zones.records(self._cloud))
        self._wanted = {one.key: one for one in read}
        self._network.attach(
            self.name,
            {
                address: one.security_groups
                for one in read
                for address in (one.place.address, one.public_address)
                if address
            },
        )
        resolver = self._network.resolver
        resolver.announce(
            self.name, {one.endpoint: [one.public_address or one.place.address] for one in read}
        )
        resolver.announce("zones", zones.names(records, resolver.lookup))
        self._fleet.bring_to(self._wanted, self._there())
        for one in read:
            if self._fleet.done(one):
                self._tend(one, read_at)
        self._write_status()

    def _place_all(self) -> None:
        taken: set[str] = set()
        for _, balancer in wanted.load_balancers(self._cloud):
            taken.add(getattr(balancer, "place", ("", "", ""))[2] or "")
        for region, balancer in wanted.load_balancers(self._cloud):
            if _is_placed(balancer):
                continue
            subnets = [subnet.id for subnet in balancer.subnets]
            place = placement.take(self._cloud, region, subnets, _owner(balancer.name))
            public = None
            if _faces_the_internet(balancer):
                network = self._network.namespace.public
                numbers = (str(network[n]) for n in public_addresses.BALANCERS)
                public = next(address for address in numbers if address not in taken)
                taken.add(public)
            balancer.place = (place.address, str(place.vpc), public)
            # Until the proxy answers; the provider waits for this.
            balancer.state = "provisioning"

    def _there(self) -> list[str]:
        return [path.name for path in self._directory.iterdir() if path.name.startswith(f"{KIND}-")]

    # -- making it so ------------------------------------------------------------------------

    def _node(self, key: str) -> Node:
        return Node(self._directory / key, self._network, self._image, "haproxy")

    def _stands(self, one: Wanted) -> bool:
        return self._node(one.key).container.running

    def _ensure(self, one: Wanted) -> None:
        self._network.ensure(one.place.vpc)
        node = self._node(one.key)
        node.prepare()
        node.remember(region=one.region, owner=_owner(one.name))
        owes = self._lay_certificates(node, one)
        owes |= node.owes({"haproxy.cfg": haproxy.configuration(one.balancer, [])})
        runtime = Runtime(node.container)
        if node.container.running:
            runtime.wait_until_ready()
            for address in self._addresses(one):
                node.container.run("ip", "addr", "replace", address, "dev", "host0")
            if owes:
                self._reload(one, node, runtime)
        else:
            (node.data / "state").touch()
            # Targets come later, each with its first check.
            node.configure({"running.cfg": haproxy.configuration(one.balancer, [])})
            self._start(one, node)
            runtime.wait_until_ready()
        node.paid()
        self._exchange_targets(one, runtime)
        self._keep_for_restart(one, node, runtime)
        with self._cloud.changing():
            balancer = self._cloud.backend("elbv2", one.region).load_balancers.get(one.arn)
            if balancer is not None:
                balancer.state = "active"

    def _addresses(self, one: Wanted) -> list[str]:
        prefix = self._network.namespace.public.prefixlen
        public = [f"{one.public_address}/{prefix}"] if one.public_address else []
        return [one.place.interface, *public]

    def _start(self, one: Wanted, node: Node) -> None:
        command = (
            f"mkdir -p {haproxy.RUN} && "
            f"exec haproxy -W -S {haproxy.MASTER_SOCKET},mode,600 -f {CONFIG}/running.cfg"
        )
        node.container.start(
            Service(
                image=self._image.root,
                command=["sh", "-c", command],
                addresses=self._addresses(one),
                writable={node.data: DATA},
                readable={node.config: CONFIG},
            )
        )

    def _reload(self, one: Wanted, node: Node, runtime: Runtime) -> None:
        """Only for what cannot be told at run time: listeners, rules, groups, certificates."""
        text = haproxy.configuration(one.balancer, self._running_targets(one, runtime))
        node.configure({"next.cfg": text})
        checked = node.container.run("haproxy", "-c", "-f", f"{CONFIG}/next.cfg")
        if checked.returncode:
            raise ValueError(f"HAProxy refuses the configuration: {checked.stderr.strip()}")
        runtime.save_state(node.data / "state")
        node.configure({"running.cfg": text})
        runtime.reload()

    def _keep_for_restart(self, one: Wanted, node: Node, runtime: Runtime) -> None:
        """A worker that starts anew finds the targets there are, in the state they were."""
        running = self._running_targets(one, runtime)
        node.configure({"running.cfg": haproxy.configuration(one.balancer, running)})

    def _lay_certificates(self, node: Node, one: Wanted) -> bool:
        owes = False
        for certificate in one.certificates:
            pem = certificate.pem
            if pem is None:
                if node.recall(certificate.file) == list(certificate.names):
                    continue
                issued = self._network.authority.issue(certificate.names)
                pem = issued.certificate + issued.key
            owes |= node.owes({certificate.file: pem})
            node.remember(**{certificate.file: list(certificate.names)})
        return owes

    def _running_targets(self, one: Wanted, runtime: Runtime) -> list[Target]:
        """The servers that run and are wanted still."""
        servers = runtime.servers()
        return [t for t in one.targets if _same(servers.get((t.group, t.name)), t)]

    def _exchange_targets(self, one: Wanted, runtime: Runtime) -> None:
        servers = runtime.servers()
        kept = {(target.group, target.name): target for target in one.targets}
        for key, target in kept.items():
            observed = servers.get(key)
            if observed and not _same(observed, target):
                runtime.remove(observed)
                observed = None
            if observed and key in self._withdrawn:
                # Registered again while it was leaving.
                runtime.remove(observed)
                observed = None
            self._withdrawn.pop(key, None)
            if observed is None:
                self._ever_healthy.discard(key)
                runtime.add(one.balancer.groups[target.group], target)
        for key, observed in servers.items():
            if key not in kept and key not in self._withdrawn:
                runtime.withdraw(observed)
                self._withdrawn[key] = time.monotonic()

    # -- what it sees ------------------------------------------------------------------------

    def _tend(self, one: Wanted, read_at: float) -> None:
        """Let new targets in, let leaving ones go, and tell the API how all of them are."""
        runtime = Runtime(self._node(one.key).container)
        try:
            servers = runtime.servers()
            for key in lost(list(self._withdrawn), one.balancer.groups, servers):
                del self._withdrawn[key]
            for key, observed in servers.items():
                if key in self._withdrawn:
                    self._let_go(one, runtime, observed)
                elif observed.passed_once and key not in self._ever_healthy:
                    runtime.trust(observed)
                    self._ever_healthy.add(key)
                elif observed.up and observed.checked:
                    self._ever_healthy.add(key)
        except ServerError as error:
            log.warning("%s: %s", one.name, error)
            return
        self._tell(one, servers, read_at)

    def _let_go(self, one: Wanted, runtime: Runtime, observed: Observed) -> None:
        key = observed.group, observed.name
        group = one.balancer.groups.get(observed.group)
        delay = group.deregistration_delay if group else 0
        since = time.monotonic() - self._withdrawn[key]
        if since < SETTLING:
            return
        if not observed.status.startswith("MAINT"):
            runtime.close(observed)
        elif observed.sessions == 0 or since > delay:
            runtime.remove(observed)
            del self._withdrawn[key]

    def _tell(self, one: Wanted, servers: dict[tuple[str, str], Observed], read_at: float) -> None:
        told: dict[tuple[str, str, int], tuple[TargetState, str]] = {
            (one.group_arns[target.group], target.id, target.port): self._health(
                servers.get((target.group, target.name)), target
            )
            for target in one.targets
        }
        told.update(dict.fromkeys(one.stopped, ("unused", STOPPED)))
        leaving = {name.rpartition("_")[0] for _, name in list(self._withdrawn)}
        with self._cloud.reading():
            groups = self._cloud.backend("elbv2", one.region).target_groups
            mine = [groups[arn] for arn in one.group_arns.values() if arn in groups]
            news = {
                key: health
                for key, health in told.items()
                if key[0] in groups
                and groups[key[0]].observed_health.get(f"{key[1]}:{key[2]}") != health
            }
            gone = any(set(getattr(group, "draining", {})) - leaving for group in mine)
        if not news and not gone:
            return
        with self._cloud.changing():
            for (arn, target, port), (state, description) in news.items():
                if arn in groups:
                    self._cloud.set_target_health(one.region, arn, target, port, state, description)
            for group in mine:
                group.draining = still_draining(getattr(group, "draining", {}), leaving, read_at)

    def _health(self, observed: Observed | None, target: Target) -> tuple[TargetState, str]:
        if observed is None:
            return "initial", ""
        if observed.up and (target.group, target.name) in self._ever_healthy:
            return "healthy", ""
        if not observed.checked:
            return "initial", ""
        if observed.check_code and observed.check != "L7OK":
            return "unhealthy", f"Health checks failed with these codes: [{observed.check_code}]"
        if observed.status.startswith("DOWN"):
            return "unhealthy", "Request timed out" if "TOUT" in observed.check else ""
        return "healthy", ""

    def _write_status(self) -> None:
        self._status.write(
            [
                Served(
                    kind="load balancer",
                    name=one.name,
                    id=one.endpoint,
                    state="active" if self._stands(one) else "provisioning",
                    address=one.public_address or one.place.address,
                    served=SERVED,
                    problem=self._fleet.problems.get(key, ""),
                )
                for key, one in sorted(self._wanted.items())
            ]
        )

    def _remove(self, key: str) -> None:
        node = self._node(key)
        region, owner = node.recall("region"), node.recall("owner")
        if owner:
            with self._cloud.changing():
                placement.give_back(self._cloud, region, owner)
        node.container.remove()


def _same(observed: Observed | None, target: Target) -> bool:
    return (
        observed is not None and observed.address == target.address and observed.port == target.port
    )


def _faces_the_internet(balancer: Any) -> bool:
    """Every load balancer does that is not asked to be internal; moto leaves that unsaid."""
    return balancer.scheme != "internal"


def _is_placed(balancer: Any) -> bool:
    public = getattr(balancer, "place", (None, None, None))[2]
    return hasattr(balancer, "place") and bool(public) == _faces_the_internet(balancer)


def _owner(name: str) -> str:
    return f"elbv2:{name}"
