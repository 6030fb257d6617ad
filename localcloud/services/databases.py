"""RDS instances: what the control plane says of each, made true of a real server."""

import contextlib
import hashlib
import logging
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any

from moto.rds.models import RDSBackend

from localcloud.control_plane.gaps.mending import Method, mends
from localcloud.machines.host import MachinesError
from localcloud.network.firewall import Flow
from localcloud.services import placement
from localcloud.services.fleet import Fleet, NotYetError, directory_name
from localcloud.services.ground import Ground
from localcloud.services.mariadb import MariaDB
from localcloud.services.node import Node
from localcloud.services.placement import Place
from localcloud.services.postgres import Postgres, slot_name
from localcloud.services.server import Server, ServerError, Settings, Source, answers_soon
from localcloud.status_file import Served

log = logging.getLogger(__name__)

KIND = "db"
ENGINES: dict[str, type[Postgres | MariaDB]] = {
    "postgres": Postgres,
    "mysql": MariaDB,
    "mariadb": MariaDB,
}
ASKED_AS = {"postgres": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}
# RDS says once a minute how far a replica is behind.
SECONDS_BETWEEN_FIGURES = 60.0
READY_WITHIN = 120.0
# A parameter group's formulas speak of the instance's memory, which it does not have here.
FORMULA = "{"


@dataclass(frozen=True, kw_only=True)
class Database:
    """What is wanted of one instance."""

    region: str
    identifier: str
    engine: str
    version: str
    endpoint: str
    port: int
    master: str
    password: str
    first_database: str | None
    parameters: tuple[tuple[str, str], ...]
    # The directory of the instance that this one follows.
    source: str | None
    snapshot: str | None
    place: Place
    security_groups: tuple[str, ...]
    reboots: int

    @property
    def key(self) -> str:
        return directory_name(KIND, self.region, self.identifier)


@mends(RDSBackend, "restore_db_instance_from_db_snapshot")
def _restored_from(
    original: Method, self: Any, from_snapshot_id: str, overrides: dict[str, Any]
) -> Any:
    """Moto forgets where an instance's data are to come from."""
    instance = original(self, from_snapshot_id, overrides)
    instance.restored_snapshot = from_snapshot_id.rpartition(":")[2]
    return instance


class Databases:
    """All RDS instances of all regions."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._cloud = ground.cloud
        self._snapshots = ground.directory / "snapshots"
        self._snapshots.mkdir(exist_ok=True)
        # The server writes into it, whichever user it is there.
        self._snapshots.chmod(0o711)
        self._fleet = Fleet[Database](ground.workers, self._ensure, self._remove, self._stands)
        self._taking: dict[str, Future[None]] = {}
        self._wanted: dict[str, Database] = {}
        self._unknown: dict[str, list[str]] = {}
        self._measured = 0.0
        self._measuring: Future[None] | None = None

    def reconcile(self) -> None:
        with self._cloud.reading():
            placed = all(hasattr(db, "place") for _, db in self._instances())
        if not placed:
            with self._cloud.changing():
                self._place_all()
        with self._cloud.reading():
            self._wanted = {db.key: db for db in self._read()}
            snapshots = list(self._missing_snapshots())
        self._join()
        self._fleet.bring_to(self._wanted, self._there())
        for region, snapshot, instance in snapshots:
            key = _snapshot_name(region, snapshot)
            db = self._wanted.get(instance)
            if key not in self._taking and db is not None and self._fleet.done(db):
                self._taking[key] = self._ground.workers.submit(
                    self._take_snapshot, region, snapshot, instance
                )
        self._taking = {key: work for key, work in self._taking.items() if not work.done()}
        replicas = [db for db in self._wanted.values() if db.source and self._stands(db)]
        due = time.monotonic() - self._measured > SECONDS_BETWEEN_FIGURES
        if replicas and due and (self._measuring is None or self._measuring.done()):
            self._measured = time.monotonic()
            self._measuring = self._ground.workers.submit(self._measure, replicas)

    def _measure(self, replicas: list[Database]) -> None:
        """CloudWatch's ReplicaLag, as RDS gives it; a server that does not answer gives none."""
        for db in replicas:
            try:
                lag = self._server(db).lag_seconds()
            except (ServerError, MachinesError, TimeoutExpired) as error:
                log.info("%s does not say how far it is behind: %s", db.identifier, error)
                continue
            figure = {
                "MetricName": "ReplicaLag",
                "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": db.identifier}],
                "Unit": "Seconds",
                "Value": lag,
            }
            # Not worth a write to disk of its own.
            with self._cloud.reading():
                self._cloud.backend("cloudwatch", db.region).put_metric_data("AWS/RDS", [figure])

    def members(self) -> Mapping[str, tuple[str, ...]]:
        """Address → its security groups."""
        return {db.place.address: db.security_groups for db in self._wanted.values()}

    def names(self) -> Mapping[str, list[str]]:
        return {db.endpoint: [db.place.address] for db in self._wanted.values()}

    def status(self) -> list[Served]:
        return [self._served(db) for _, db in sorted(self._wanted.items())]

    def _served(self, db: Database) -> Served:
        server = self._server(db)
        wish = f"{ASKED_AS[db.engine]} {db.version}"
        asked = f" ({wish} asked for)" if server.served != wish else ""
        unknown = self._unknown.get(db.key)
        problem = self._fleet.problems.get(db.key, "")
        if unknown:
            problem += f" parameters without effect: {', '.join(unknown)}"
        return Served(
            kind="database replica" if db.source else "database",
            name=db.identifier,
            id=db.endpoint,
            state="available" if self._stands(db) else "starting",
            address=f"{db.place.address}:{db.port}",
            served=f"{server.served}{asked}",
            problem=problem.strip(),
        )

    # -- what is wanted ----------------------------------------------------------------------

    def _instances(self) -> Iterator[tuple[str, Any]]:
        for region in self._cloud.regions("rds"):
            for db in self._cloud.backend("rds", region).databases.values():
                if db.engine in ENGINES:
                    yield region, db

    def _place_all(self) -> None:
        for region, db in self._instances():
            if not hasattr(db, "place"):
                group = getattr(db, "db_subnet_group", None)
                subnets = [subnet.id for subnet in group._subnets] if group else []
                owner = _owner(db.db_instance_identifier)
                place = placement.take(self._cloud, region, subnets, owner, db.availability_zone)
                db.place = (place.address, str(place.vpc))
                # Until it answers; the provider waits for this.
                db.status = "creating"

    def _read(self) -> Iterator[Database]:
        for region, db in self._instances():
            if not hasattr(db, "place"):
                continue
            source = self._source_of(region, db)
            yield Database(
                region=region,
                identifier=db.db_instance_identifier,
                engine=db.engine,
                version=_major(db.engine, db.engine_version),
                endpoint=db.address,
                port=int(db.port),
                master=db.master_username,
                password=self._cloud.master_password(region, db.db_instance_identifier),
                first_database=db.db_name,
                parameters=tuple(sorted(_parameters(db).items())),
                source=source,
                snapshot=getattr(db, "restored_snapshot", None),
                place=Place.of(*db.place),
                security_groups=tuple(sorted(db.vpc_security_group_ids)),
                reboots=getattr(db, "reboots", 0),
            )

    def _source_of(self, region: str, db: Any) -> str | None:
        """A replica's source may be named, or given by its ARN where it is in another region."""
        identifier = db.source_db_instance_identifier if db.is_replica else None
        if not identifier:
            return None
        if identifier.startswith("arn:"):
            region, identifier = identifier.split(":")[3], identifier.split(":")[6]
        return directory_name(KIND, region, identifier)

    def _join(self) -> None:
        """Replication takes no notice of security groups."""
        flows: list[Flow] = []
        for db in self._wanted.values():
            source = self._wanted.get(db.source or "")
            if source:
                flows.append(
                    Flow("tcp", db.place.network, source.place.address, source.port, source.port)
                )
        self._ground.network.join(KIND, flows)

    def _there(self) -> list[str]:
        return [path.name for path in self._ground.directory.glob(f"{KIND}-*")]

    # -- making it so ------------------------------------------------------------------------

    def _node(self, key: str, user: str = "root") -> Node:
        """What belongs to a server's own user is written only with that user's name."""
        return self._ground.node(key, user)

    def _node_of(self, db: Database) -> Node:
        return self._node(db.key, ENGINES[db.engine].user)

    def _server(self, db: Database) -> Server:
        return ENGINES[db.engine](self._node_of(db), self._ground.image, db.port)

    def _stands(self, db: Database) -> bool:
        return self._node(db.key).container.running

    def _ensure(self, db: Database) -> None:
        self._ground.network.ensure(db.place.vpc)
        node, server = self._node_of(db), self._server(db)
        node.prepare()
        node.remember(region=db.region, owner=_owner(db.identifier))
        node.certify([db.endpoint], db.place.address)
        source = self._source(db)
        owes, self._unknown[db.key] = server.configure(
            Settings(
                identifier=db.identifier,
                port=db.port,
                parameters=dict(db.parameters),
                source=source,
            )
        )
        if node.container.running and db.reboots != node.recall("reboots", db.reboots):
            self._say(db, "rebooting")
            server.stop()
        started = not node.container.running
        if started:
            self._lay_snapshot(db, node)
            server.start(db.place.interface, self._snapshots)
        if not answers_soon(server.ready, READY_WITHIN):
            raise ServerError("does not answer")
        if owes and not started:
            server.reload()
        node.paid()
        node.remember(reboots=db.reboots)
        if source:
            server.follow(source)
        else:
            self._lead(db, node, server)
        node.remember(source=db.source)
        self._say(db, "available")

    def _lead(self, db: Database, node: Node, server: Server) -> None:
        """What only a server that takes writes has: roles, passwords, replicas' slots."""
        if node.recall("source"):
            self._say(db, "modifying")
            server.promote()
            former = self._wanted.get(node.recall("source"))
            if former:
                with contextlib.suppress(ServerError, OSError):
                    self._server(former).drop_slot(slot_name(db.identifier))
        if not node.recall("replicator"):
            node.remember(replicator=secrets.token_hex(24))
            node.remember(password="")
        if not node.recall("password"):
            server.bootstrap(db.master, db.first_database, node.recall("replicator"))
        if node.recall("password") != _digest(db.password):
            server.set_password(db.master, db.password)
            node.remember(password=_digest(db.password))

    def _source(self, db: Database) -> Source | None:
        if not db.source:
            return None
        leader = self._wanted.get(db.source)
        node = self._node(db.source)
        password = node.recall("replicator")
        if leader is None or not node.recall("password"):
            raise NotYetError
        # A follower may be told of its leader while that one is down.
        slot = slot_name(db.identifier)
        if not (self._node(db.key).data / "cluster").exists():
            if not self._server(leader).ready():
                raise NotYetError
            self._server(leader).ensure_slot(slot)
        # Whoever is promoted one day takes on the leader's passwords.
        self._node(db.key).remember(replicator=password, password=_digest(db.password))
        return Source(address=leader.place.address, port=leader.port, password=password, slot=slot)

    def _say(self, db: Database, status: str) -> None:
        with self._cloud.changing():
            instance = self._cloud.backend("rds", db.region).databases.get(db.identifier)
            if instance is not None and instance.status != "deleting":
                instance.status = status

    def _remove(self, key: str) -> None:
        """Deleted: the final snapshot, if one is wanted, is taken from the data at rest."""
        node = self._node(key)
        for number in self._final_snapshots(key):
            if node.container.running:
                node.container.quit(within=60)
            copy = self._snapshots / number
            if (node.data / "cluster").exists() and not copy.exists():
                _copy(node.data / "cluster", copy)
        region, owner = node.recall("region"), node.recall("owner")
        if owner:
            with self._cloud.changing():
                placement.give_back(self._cloud, region, owner)
        node.container.remove()

    # -- snapshots ---------------------------------------------------------------------------

    def _missing_snapshots(self) -> Iterator[tuple[str, str, str]]:
        for region in self._cloud.regions("rds"):
            backend = self._cloud.backend("rds", region)
            for snapshot in backend.database_snapshots.values():
                instance = directory_name(KIND, region, snapshot.db_instance_identifier)
                name = _snapshot_name(region, snapshot.db_snapshot_identifier)
                if not (self._snapshots / name).exists():
                    yield region, snapshot.db_snapshot_identifier, instance

    def _final_snapshots(self, key: str) -> list[str]:
        with self._cloud.reading():
            return [
                _snapshot_name(region, snapshot)
                for region, snapshot, instance in self._missing_snapshots()
                if instance == key
            ]

    def _take_snapshot(self, region: str, snapshot: str, instance: str) -> None:
        db = self._wanted.get(instance)
        if db is None or not self._stands(db):
            return
        name = _snapshot_name(region, snapshot)
        unfinished = f"{name}.unfinished"
        shutil.rmtree(self._snapshots / unfinished, ignore_errors=True)
        (self._snapshots / unfinished).mkdir(mode=0o700)
        os.chown(self._snapshots / unfinished, *self._node_of(db).owner)
        try:
            self._server(db).back_up(unfinished)
        except (ServerError, MachinesError) as error:
            log.error("snapshot %s: %s", snapshot, error)
            return
        (self._snapshots / unfinished).rename(self._snapshots / name)

    def _lay_snapshot(self, db: Database, node: Node) -> None:
        """A restored instance starts from a snapshot's data."""
        cluster = node.data / "cluster"
        if not db.snapshot or cluster.exists():
            return
        snapshot = self._snapshots / _snapshot_name(db.region, db.snapshot)
        if not snapshot.exists():
            raise NotYetError
        _copy(snapshot, cluster)


def _digest(password: str) -> str:
    """Enough to see whether it was changed."""
    return hashlib.sha256(password.encode()).hexdigest()


def _owner(identifier: str) -> str:
    return f"rds:{identifier}"


def _snapshot_name(region: str, identifier: str) -> str:
    return directory_name("snapshot", region, identifier)


def _copy(source: Path, target: Path) -> None:
    """All of it or nothing, owners included."""
    unfinished = target.with_name(f"{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(source, unfinished, symlinks=True)
    for path in [source, *source.rglob("*")]:
        status = path.lstat()
        os.chown(
            unfinished / path.relative_to(source),
            status.st_uid,
            status.st_gid,
            follow_symlinks=False,
        )
    unfinished.rename(target)


def _major(engine: str, version: str) -> str:
    """A PostgreSQL major has one number, a MySQL one two."""
    return ".".join(version.split(".")[: 1 if engine == "postgres" else 2])


def _parameters(db: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for group in db.db_parameter_groups():
        for parameter in group.parameters.values():
            value = parameter.get("ParameterValue")
            if value is not None and not str(value).startswith(FORMULA):
                found[parameter["ParameterName"]] = str(value)
    return found
