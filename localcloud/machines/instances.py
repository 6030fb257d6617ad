"""Every EC2 instance of the control plane is a booted machine, and is what the API says of it."""

import hashlib
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from localcloud import whole_file
from localcloud.control_plane.reconciler import Cloud
from localcloud.follower import Follower
from localcloud.machines import facts, image, records, seed
from localcloud.machines.container import Container, Machine
from localcloud.network import addresses, private_addresses, public_addresses
from localcloud.network.cloud_network import network_of
from localcloud.network.firewall import Rule, Rules
from localcloud.network.metadata import Facts, Metadata, MetadataServer
from localcloud.network.namespace import NetworkError
from localcloud.network.relay import Relay
from localcloud.status_file import Served

log = logging.getLogger(__name__)

OWNER = "instances"
# How long a stopped instance gets before it is switched off (EC2 gives some minutes), and one that
# nobody will start again.
GRACE, LAST_GRACE = 120.0, 10.0


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the API says of one instance."""

    region: str
    state: str
    identity: seed.Identity
    reboots: int
    security_groups: tuple[str, ...]
    name: str
    terminates_itself: bool
    facts: Facts


class Machines(Follower):
    """A container for each, and what instances ask at their link-local addresses."""

    name = "machines"

    def __init__(self) -> None:
        super().__init__(workers=8)
        self._busy: dict[str, Future[None]] = {}
        self._facts: Mapping[str, Facts] = {}
        self._looked = threading.Event()
        self._credentials: dict[str, tuple[float, Mapping[str, str]]] = {}
        self._problems: dict[str, str] = {}
        self._servers: list[MetadataServer | Relay] = []

    def start(self, cloud: Cloud, state_dir: Path) -> None:
        records.install()
        private_addresses.install()
        public_addresses.install(network_of(state_dir.parent).namespace.public)
        super().start(cloud, state_dir)

    def _prepare(self) -> None:
        self._image = image.ensure(image.MACHINE, progress=log.info)
        self._network.ensure()
        self._servers = self._serve_link_local()

    def _leave(self) -> None:
        for server in self._servers:
            server.stop()

    def _serve_link_local(self) -> list[MetadataServer | Relay]:
        network = self._network.namespace
        host, _, port = self._cloud.endpoint.removeprefix("http://").partition(":")
        return [
            MetadataServer(Metadata(self._facts_of), network.listen(addresses.METADATA, 80)),
            Relay(network.listen(addresses.ENDPOINT, 80), host, int(port)),
        ]

    def _facts_of(self, address: str) -> Facts | None:
        """Before the first look nobody is a stranger yet: most clients take that for the last
        word."""
        self._looked.wait()
        return self._facts.get(address)

    def _reconcile(self) -> None:
        with self._cloud.reading():
            wanted = {w.identity.instance_id: w for w in self._wanted()}
            rules = _rules(
                self._cloud.backend("ec2", region) for region in self._cloud.regions("ec2")
            )
        alive = {i: w for i, w in wanted.items() if w.state in ("pending", "running")}
        # Replaced as a whole: those who ask meanwhile are answered by threads of their own.
        self._facts = {w.identity.private_address: w.facts for w in wanted.values()}
        self._looked.set()
        self._network.attach(
            OWNER,
            {
                address: w.security_groups
                for w in wanted.values()
                if w.state != "terminated"
                for address in (w.identity.private_address, *w.identity.public_addresses)
            },
        )
        self._network.resolver.announce(
            OWNER,
            {
                f"{w.identity.hostname}.{w.identity.domain}": [w.identity.private_address]
                for w in alive.values()
            },
        )
        for instance_id in sorted(wanted.keys() | self._there()):
            if not self._working_on(instance_id):
                self._bring_to(instance_id, wanted.get(instance_id))
        self._network.filter(rules)
        self._write_status(wanted)

    def _there(self) -> set[str]:
        return {path.name for path in self._directory.iterdir() if path.name.startswith("i-")}

    def _container(self, instance_id: str) -> Container:
        return Container(self._directory / instance_id, self._network.namespace)

    def _bring_to(self, instance_id: str, wanted: Wanted | None) -> None:
        container = self._container(instance_id)
        state = wanted.state if wanted else "terminated"
        if wanted and state in ("pending", "running"):
            if container.running:
                self._keep_running(container, wanted)
            elif container.exit_status == 0:
                self._powered_itself_off(container, wanted)
            else:
                self._start(container, wanted)
        elif wanted and state in ("stopping", "stopped"):
            if container.running:
                self._work_on(instance_id, lambda: self._power_off(container, wanted))
            elif state == "stopping":
                self._say(wanted, "stopped", only_if="stopping")
        elif container.directory.exists() or state == "shutting-down":
            self._work_on(instance_id, lambda: self._terminate(container, wanted))

    def _start(self, container: Container, wanted: Wanted) -> None:
        memory = _Memory(container.directory)
        try:
            self._network.ensure(wanted.identity.vpc)
            files = seed.files(wanted.identity, self._network.namespace.public)
            seed.write(files, container.upper)
            if not memory.get("trusts", otherwise=False):
                authority = self._network.authority.certificate
                seed.write(seed.trust(authority, self._image.root), container.upper)
                memory.set(trusts=True)
            container.start(
                Machine(
                    image=self._image.root,
                    readable={self._image.packages: str(image.PACKAGES)},
                )
            )
        except (NetworkError, OSError) as error:
            self._problems[container.name] = str(error)
            return
        self._problems.pop(container.name, None)
        memory.set(reboots=wanted.reboots, public=list(wanted.identity.public_addresses))

    def _keep_running(self, container: Container, wanted: Wanted) -> None:
        memory = _Memory(container.directory)
        if wanted.reboots != memory.get("reboots", wanted.reboots):
            container.reboot()
            memory.set(reboots=wanted.reboots)
        public = list(wanted.identity.public_addresses)
        if public != memory.get("public", public):
            text = seed.public_network(public)
            done = container.run(
                "sh", "-c", f"cat >/{seed.PUBLIC_NETWORK} && networkctl reload", text=text
            )
            if done.returncode == 0:
                memory.set(public=public)

    def _powered_itself_off(self, container: Container, wanted: Wanted) -> None:
        """`poweroff` inside: stopped, or gone where the instance was made so."""
        (container.directory / "exit").unlink(missing_ok=True)
        self._say(wanted, "shutting-down" if wanted.terminates_itself else "stopped")

    def _power_off(self, container: Container, wanted: Wanted) -> None:
        container.power_off(within=GRACE)
        (container.directory / "exit").unlink(missing_ok=True)
        # Whoever has started it meanwhile gets it started.
        self._say(wanted, "stopped", only_if="stopping")

    def _terminate(self, container: Container, wanted: Wanted | None) -> None:
        if container.running:
            container.power_off(within=LAST_GRACE)
        container.remove()
        if wanted:
            self._say(wanted, "terminated", only_if="shutting-down")

    def _say(self, wanted: Wanted, state: Any, only_if: str | None = None) -> None:
        instance_id = wanted.identity.instance_id
        with self._cloud.changing():
            instance = self._cloud.backend("ec2", wanted.region).get_instance(instance_id)
            if only_if in (None, instance.state):
                self._cloud.set_instance_state(wanted.region, instance_id, state)

    def _working_on(self, instance_id: str) -> bool:
        future = self._busy.get(instance_id)
        return future is not None and not future.done()

    def _work_on(self, instance_id: str, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except Exception:
                log.exception("%s", instance_id)

        self._busy[instance_id] = self._workers.submit(guarded)

    def _wanted(self) -> Iterator[Wanted]:
        for region in self._cloud.regions("ec2"):
            ec2 = self._cloud.backend("ec2", region)
            for instance in ec2.all_instances():
                # What was terminated long ago keeps no interface, and needs nothing.
                if 0 in instance.nics and instance.vpc_id:
                    yield self._one_wanted(ec2, region, instance)

    def _one_wanted(self, ec2: Any, region: str, instance: Any) -> Wanted:
        key = ec2.key_pairs.get(instance.key_name)
        public_key = _text(key.material_public).strip() if key else ""
        address = instance.private_ip
        identity = seed.Identity(
            instance_id=instance.id,
            machine_id=uuid.UUID(hashlib.md5(instance.id.encode()).hexdigest()).hex,  # noqa: S324 - names, not secrets
            hostname=f"ip-{address.replace('.', '-')}",
            domain=instance.private_dns_name.partition(".")[2],
            private_address=address,
            vpc=IPv4Network(ec2.get_vpc(instance.vpc_id).cidr_block),
            public_addresses=tuple(
                sorted({nic.public_ip for nic in instance.nics.values() if nic.public_ip})
            ),
            public_keys=(public_key,) if public_key else (),
            user_data=_user_data(instance.user_data),
        )
        groups = instance.nics[0].group_set
        profile = self._profile(ec2, instance)
        roles = {
            role.name: self._credentials_of(region, role.arn, instance.id)
            for role in (profile.roles if profile else ())
        }
        tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
        return Wanted(
            region=region,
            state=instance.state,
            identity=identity,
            reboots=instance.reboots,
            security_groups=tuple(sorted(group.id for group in groups)),
            name=tags.get("Name", instance.id),
            terminates_itself=instance.instance_initiated_shutdown_behavior == "terminate",
            facts=facts.of(
                instance,
                identity,
                account=self._cloud.account,
                groups=sorted(group.name for group in groups),
                tags=tags,
                profile=profile,
                credentials=roles,
            ),
        )

    def _profile(self, ec2: Any, instance: Any) -> Any:
        association = ec2.iam_instance_profile_associations.get(instance.id)
        return association.iam_instance_profile if association else None

    def _credentials_of(
        self, region: str, role: str, session: str
    ) -> Callable[[], Mapping[str, str]]:
        def fetch() -> Mapping[str, str]:
            key = f"{role}/{session}"
            ends, credentials = self._credentials.get(key, (0.0, {}))
            # EC2 hands out new ones at least five minutes before the old ones end.
            if ends - time.time() < 600:
                with self._cloud.changing():
                    ends, credentials = facts.assume(self._cloud, region, role, session)
                self._credentials[key] = ends, credentials
            return credentials

        return fetch

    def _write_status(self, wanted: Mapping[str, Wanted]) -> None:
        self._status.write(
            [
                Served(
                    kind="instance",
                    name=w.name,
                    id=instance_id,
                    state=w.state,
                    address=w.identity.private_address,
                    served="Debian 13",
                    problem=self._problems.get(instance_id, ""),
                )
                for instance_id, w in sorted(wanted.items())
                if w.state != "terminated"
            ]
        )


class _Memory:
    """What was last done to a machine, beside it."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "done.json"

    def _all(self) -> dict[str, Any]:
        try:
            return json.loads(self._path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}

    def get(self, name: str, otherwise: Any) -> Any:
        return self._all().get(name, otherwise)

    def set(self, **values: Any) -> None:
        whole_file.write(self._path, json.dumps({**self._all(), **values}))


def _rules(regions: Iterable[Any]) -> Rules:
    """Every group's rules, in the firewall's own words."""
    inbound: dict[str, list[Rule]] = {}
    outbound: dict[str, list[Rule]] = {}
    for ec2 in regions:
        for groups in ec2.groups.values():
            for group in groups.values():
                inbound[group.id] = _told(ec2, group.ingress_rules)
                outbound[group.id] = _told(ec2, group.egress_rules)
    return Rules(inbound, outbound)


def _told(ec2: Any, rules: Iterable[Any]) -> list[Rule]:
    return [
        Rule(
            rule.ip_protocol,
            0 if rule.from_port is None else max(rule.from_port, 0),
            65535 if rule.to_port in (None, -1) else rule.to_port,
            peer,
        )
        for rule in rules
        for peer in _peers(ec2, rule)
    ]


def _peers(ec2: Any, rule: Any) -> Iterator[IPv4Network | str]:
    if rule.cidr_ipv4:
        yield IPv4Network(rule.cidr_ipv4, strict=False)
    if rule.source_group.get("GroupId"):
        yield rule.source_group["GroupId"]
    if rule.prefix_list_id:
        prefixes = ec2.managed_prefix_lists.get(rule.prefix_list_id)
        for entries in prefixes.entries.values() if prefixes else ():
            yield from (IPv4Network(e["Cidr"]) for e in entries if ":" not in e["Cidr"])


def _user_data(value: Any) -> str:
    return str(value.as_bytes().decode()) if value else ""


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
