"""ElastiCache replication groups: one node leads, the others follow and take over from it."""

import contextlib
import logging
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.responses import ElastiCacheResponse

from localcloud.control_plane.gaps.mending import adds
from localcloud.network.firewall import Flow
from localcloud.services import placement
from localcloud.services.fleet import Fleet, directory_name
from localcloud.services.ground import Ground
from localcloud.services.node import Node
from localcloud.services.placement import Place
from localcloud.services.redis import Redis, Wishes, configuration, without_effect
from localcloud.services.server import ServerError, answers_soon
from localcloud.status_file import Served

log = logging.getLogger(__name__)

KIND = "cache"
SERVED = {"redis": "Redis 8", "valkey": "Valkey 8"}
READY_WITHIN = 30.0


@dataclass(frozen=True, kw_only=True)
class Member:
    """One node of a group."""

    identifier: str
    endpoint: str
    place: Place


@dataclass(frozen=True, kw_only=True)
class Cache:
    """What is wanted of one replication group."""

    region: str
    identifier: str
    engine: str
    version: str
    port: int
    node_type: str
    encrypted: bool
    token: str | None
    parameters: tuple[tuple[str, str], ...]
    primary_endpoint: str
    reader_endpoint: str
    members: tuple[Member, ...]
    security_groups: tuple[str, ...]
    fails_over: bool
    failovers: int

    @property
    def key(self) -> str:
        return directory_name(KIND, self.region, self.identifier)

    def directory(self, member: Member) -> str:
        return f"{self.key}.{member.identifier.rpartition('-')[2]}"


if not hasattr(ElastiCacheResponse, "test_failover"):

    @adds(ElastiCacheResponse)
    def test_failover(self: Any) -> ActionResult:
        """The API's own way to try a failover: the primary is lost, as if by itself."""
        group = self.elasticache_backend.replication_groups[self._get_param("ReplicationGroupId")]
        group.failovers = getattr(group, "failovers", 0) + 1
        return ActionResult({"ReplicationGroup": group})


class Caches:
    """All replication groups of all regions."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._cloud = ground.cloud
        self._fleet = Fleet[Cache](ground.workers, self._ensure, self._remove, self._stands)
        self._wanted: dict[str, Cache] = {}
        self._leaders: dict[str, str] = {}

    def reconcile(self) -> None:
        with self._cloud.reading():
            placed = all(_places_known(group) for _, group in self._groups())
        if not placed:
            with self._cloud.changing():
                self._place_all()
        with self._cloud.reading():
            self._wanted = {cache.key: cache for cache in self._read()}
        self._ground.network.join(KIND, list(self._replication()))
        self._fleet.bring_to(self._wanted, self._there())

    def members(self) -> Mapping[str, tuple[str, ...]]:
        return {
            member.place.address: cache.security_groups
            for cache in self._wanted.values()
            for member in cache.members
        }

    def names(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for cache in self._wanted.values():
            leader = self._leader(cache)
            followers = [m.place.address for m in cache.members if m != leader]
            found[cache.primary_endpoint] = [leader.place.address]
            found[cache.reader_endpoint] = followers or [leader.place.address]
            found.update({m.endpoint: [m.place.address] for m in cache.members})
        return found

    def status(self) -> list[Served]:
        return [
            Served(
                kind="cache" if member == self._leader(cache) else "cache replica",
                name=member.identifier,
                id=member.endpoint,
                state="available" if self._node(cache, member).container.running else "starting",
                address=f"{member.place.address}:{cache.port}",
                served=f"{SERVED[cache.engine]} ({cache.version} asked for)",
                problem=" ".join(
                    [
                        self._fleet.problems.get(cache.key, ""),
                        *(f"{name} has no effect" for name in _without_effect(cache)),
                    ]
                ).strip(),
            )
            for _, cache in sorted(self._wanted.items())
            for member in cache.members
        ]

    # -- what is wanted ----------------------------------------------------------------------

    def _groups(self) -> Iterator[tuple[str, Any]]:
        for region in self._cloud.regions("elasticache"):
            for group in self._cloud.backend("elasticache", region).replication_groups.values():
                if group.engine in SERVED and group.cluster_mode != "enabled":
                    yield region, group

    def _place_all(self) -> None:
        for region, group in self._groups():
            backend = self._cloud.backend("elasticache", region)
            subnets = backend.cache_subnet_groups.get(group.cache_subnet_group_name)
            ids = list(subnets.subnet_ids) if subnets else []
            places: dict[str, tuple[str, str]] = {}
            for number, name in enumerate(group.member_clusters):
                # Neighbours stand in different zones.
                turned = ids[number % len(ids) :] + ids[: number % len(ids)] if ids else []
                place = placement.take(self._cloud, region, turned, _owner(name))
                places[name] = (place.address, str(place.vpc))
            group.places = places

    def _read(self) -> Iterator[Cache]:
        for region, group in self._groups():
            if not _places_known(group):
                continue
            backend = self._cloud.backend("elasticache", region)
            shard = group.node_groups[0]
            domain = shard["primary_endpoint_address"].partition(".")[2]
            settings = backend.parameter_groups.get(group.cache_parameter_group_name)
            yield Cache(
                region=region,
                identifier=group.replication_group_id,
                engine=group.engine,
                version=group.engine_version or "",
                port=int(group.port),
                node_type=group.cache_node_type,
                encrypted=bool(group.transit_encryption_enabled),
                token=self._cloud.auth_token(region, group.replication_group_id),
                parameters=tuple(sorted(settings["parameters"].items())) if settings else (),
                primary_endpoint=shard["primary_endpoint_address"],
                reader_endpoint=shard["reader_endpoint_address"],
                members=tuple(
                    Member(
                        identifier=name,
                        endpoint=f"{name}.{domain}",
                        place=Place.of(*group.places[name]),
                    )
                    for name in group.member_clusters
                ),
                security_groups=tuple(sorted(group.security_group_ids or ())),
                fails_over=group.automatic_failover == "enabled",
                failovers=getattr(group, "failovers", 0),
            )

    def _replication(self) -> Iterator[Flow]:
        """Members reach each other whatever the security groups say."""
        for cache in self._wanted.values():
            for one in cache.members:
                for other in cache.members:
                    if one != other:
                        yield Flow(
                            *("tcp", one.place.network, other.place.address),
                            *(cache.port, cache.port),
                        )

    def _there(self) -> set[str]:
        names = {path.name for path in self._ground.directory.iterdir()}
        return {name.partition(".")[0] for name in names if name.startswith(f"{KIND}-")}

    # -- making it so ------------------------------------------------------------------------

    def _node(self, cache: Cache, member: Member) -> Node:
        return self._ground.node(cache.directory(member), Redis.programs[cache.engine])

    def _server(self, cache: Cache, member: Member) -> Redis:
        return Redis(self._node(cache, member), cache.engine)

    def _leader(self, cache: Cache) -> Member:
        name = self._leaders.get(cache.key)
        if name is None:
            # Who led is written down by every member, so that it is known after a restart.
            known = [self._node(cache, member).recall("leader") for member in cache.members]
            name = next((leader for leader in known if leader), cache.members[0].identifier)
            self._leaders[cache.key] = name
        return next((m for m in cache.members if m.identifier == name), cache.members[0])

    def _stands(self, cache: Cache) -> bool:
        return all(self._node(cache, member).container.running for member in cache.members)

    def _ensure(self, cache: Cache) -> None:
        self._ground.network.ensure(cache.members[0].place.vpc)
        administrator = self._administrator(cache)
        self._lose_leader_if_asked(cache)
        if not self._node(cache, self._leader(cache)).container.running:
            self._elect(cache)
        leader = self._leader(cache)
        for member in sorted(cache.members, key=lambda m: m != leader):
            self._bring_up(cache, member, leader, administrator)
        self._remove_members(cache)
        self._say(cache)

    def _bring_up(self, cache: Cache, member: Member, leader: Member, administrator: str) -> None:
        node, server = self._node(cache, member), self._server(cache, member)
        node.prepare()
        node.remember(
            region=cache.region,
            owner=_owner(member.identifier),
            administrator=administrator,
            leader=leader.identifier,
            failovers=cache.failovers,
        )
        names = [cache.primary_endpoint, cache.reader_endpoint, member.endpoint]
        node.certify(names, member.place.address)
        wishes = Wishes(
            port=cache.port,
            node_type=cache.node_type,
            encrypted=cache.encrypted,
            token=cache.token,
            administrator=administrator,
            parameters=dict(cache.parameters),
            leader=None if member == leader else leader.place.address,
        )
        owes = node.owes({"redis.conf": configuration(wishes)})
        started = not node.container.running
        if started:
            # Where others can take over, an empty leader that comes back would empty them too.
            alone = len(cache.members) == 1
            server.start(member.place.interface, restarts=alone)
        if not answers_soon(server.ready, READY_WITHIN):
            raise ServerError(f"{member.identifier} does not answer")
        if owes and not started:
            server.apply(wishes)
        node.paid()

    def _administrator(self, cache: Cache) -> str:
        known = [self._node(cache, member).recall("administrator") for member in cache.members]
        return next((password for password in known if password), secrets.token_hex(24))

    def _lose_leader_if_asked(self, cache: Cache) -> None:
        node = self._node(cache, self._leader(cache))
        if node.recall("failovers", cache.failovers) != cache.failovers:
            node.container.pull_the_plug()
            # Started again before it is known to be gone, it would lead, and be empty.
            node.container.ended(within=30)
            node.remember(failovers=cache.failovers)

    def _elect(self, cache: Cache) -> None:
        """The follower that has read most becomes the leader; where there is none, nothing."""
        if not cache.fails_over:
            return
        offsets: dict[str, int] = {}
        for member in cache.members:
            with contextlib.suppress(ServerError, OSError, TimeoutExpired, ValueError):
                if self._node(cache, member).container.running:
                    said = self._server(cache, member).replication()
                    offsets[member.identifier] = int(said.get("slave_repl_offset", "0"))
        if offsets:
            chosen = max(offsets, key=lambda name: offsets[name])
            log.info("%s now leads %s", chosen, cache.identifier)
            self._leaders[cache.key] = chosen

    def _remove_members(self, cache: Cache) -> None:
        """Nodes that the group no longer has."""
        kept = {cache.directory(member) for member in cache.members}
        for directory in self._ground.directory.glob(f"{cache.key}.*"):
            if directory.name not in kept:
                self._remove_node(directory)

    def _remove(self, key: str) -> None:
        for directory in self._ground.directory.glob(f"{key}.*"):
            self._remove_node(directory)
        self._leaders.pop(key, None)

    def _remove_node(self, directory: Path) -> None:
        node = self._ground.node(directory.name, "root")
        region, owner = node.recall("region"), node.recall("owner")
        if owner:
            with self._cloud.changing():
                placement.give_back(self._cloud, region, owner)
        node.container.remove()

    def _say(self, cache: Cache) -> None:
        """Tell the API who leads."""
        leader = self._leader(cache).identifier
        with self._cloud.changing():
            groups = self._cloud.backend("elasticache", cache.region).replication_groups
            group = groups.get(cache.identifier)
            for member in group.node_groups[0]["node_group_members"] if group else ():
                role = "primary" if member["cache_cluster_id"] == leader else "replica"
                member["current_role"] = role


def _places_known(group: Any) -> bool:
    return set(getattr(group, "places", {})) == set(group.member_clusters)


def _without_effect(cache: Cache) -> list[str]:
    return without_effect(
        Wishes(
            port=cache.port,
            node_type=cache.node_type,
            encrypted=cache.encrypted,
            token=None,
            administrator="",
            parameters=dict(cache.parameters),
            leader=None,
        )
    )


def _owner(member: str) -> str:
    return f"elasticache:{member}"
